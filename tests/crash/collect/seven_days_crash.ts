import assert from "node:assert/strict";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { assertAccount, assertWindows } from "./week_account.ts";
import { END, type WeekEvent, weekEvents } from "./week_events.ts";
import { askedEvents, runJetstreamWeek } from "./week_jetstream.ts";
import { type Mishap, runWeek, type Week, type WeekPlan, type WeekRun } from "./week_run.ts";

const EVENTS = weekEvents(7);

const PLANS: Record<string, WeekPlan> = {
  "windows all: an hour without network, a sequence that begins anew while it is read": {
    seed: 1,
    windows: "all",
    every: [9, 13],
    replayHours: 72,
    mishaps: {
      1: "killed_late",
      3: "torn",
      5: "dead",
      7: "reset",
      8: "stopped",
      10: "killed",
      11: "killed_late",
      13: "killed_late",
    },
  },
  "windows spread: a relay that forgets sooner than it should while the machine is off": {
    seed: 2,
    windows: { spread: 4, seed: 5 },
    every: [11, 14],
    off: [30, 65],
    replayHours: 36,
    mishaps: {
      1: "killed_late",
      4: "torn",
      5: "stopped",
      7: "killed",
      9: "dead",
      10: "killed_late",
    },
  },
  "windows fixed: a machine that is off for longer than the relay replays": {
    seed: 3,
    windows: { fixed: [6, 13, 14, 20] },
    every: [9, 12],
    off: [18, 98],
    replayHours: 72,
    mishaps: { 1: "torn", 3: "killed_late", 5: "renumbered", 6: "killed", 7: "dead", 8: "stopped" },
  },
};

const JETSTREAM: WeekPlan = {
  seed: 5,
  windows: "all",
  every: [15, 17],
  replayHours: 36,
  mishaps: { 2: "killed_late", 4: "torn", 6: "stopped", 8: "killed" },
};

Deno.test("seven days of mishaps end with the posts that were owed, and the ledger adds up", async (t) => {
  // Side by side, because each of them mostly waits.
  const isSideBySide = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };
  const step = (name: string, run: (data: string) => Promise<void>) =>
    t.step({ name, fn: () => withData(run), ...isSideBySide });
  await Promise.all([
    ...Object.entries(PLANS).map(([name, plan]) =>
      step(
        name,
        async (data) =>
          assertWeek(data, plan, "firehose", EVENTS, await runWeek(data, EVENTS, plan)),
      )
    ),
    step("windows all through Jetstream", async (data) => {
      const events = askedEvents(EVENTS);
      const week = await runJetstreamWeek(data, events, JETSTREAM);
      await assertWeek(data, JETSTREAM, "jetstream", events, week);
    }),
  ]);
});

async function assertWeek(
  data: string,
  plan: WeekPlan,
  source: string,
  events: WeekEvent[],
  { runs, host, seqs, lost }: Week,
) {
  for (const run of runs) assertExit(run);
  const account = { data, source, host, events, seqs, lost, present: END };
  await assertWindows(account, plan.windows);
  const missed = await assertAccount(account);
  const { owed_hours, missed_hours } = runs.at(-1)!.summary;
  assert.ok(owed_hours < 0.1, `${owed_hours} h are owed`);
  assert.ok(Math.abs(missed_hours - missed) < 0.1, `${missed_hours} of ${missed} h are missed`);
  assert.equal(missed > 1, lost.some(([from, until]) => until - from > 3_600_000));
  await assertLedger(data, source, runs);
}

/** Exit status by mishap; null where a signal ended the run. */
const EXITS: Partial<Record<Mishap, number | null>> = {
  killed: null,
  killed_late: null,
  stopped: 4,
  dead: 1,
};

function assertExit({ at, mishap, code, stderr }: WeekRun) {
  const expected = mishap !== undefined && mishap in EXITS ? EXITS[mishap] : 0;
  assert.equal(code, expected, `${at.toISOString()} ${mishap}: ${stderr}`);
  if (mishap === "dead") assert.match(stderr, /^Cannot .* cannot be reached\n {2}Check the addr/m);
}

async function assertLedger(data: string, source: string, runs: WeekRun[]) {
  const rows = await query(
    data,
    `SELECT epoch_ms(started_at) AS started, status, exit_status, ended_at IS NULL AS is_open
     FROM read_parquet('{data}/runs/*/*.parquet') ORDER BY started_at`,
  );
  const statuses = { 0: "done", 1: "failed", 4: "stopped" } as Record<number, string>;
  assert.deepEqual(
    rows,
    runs.map(({ at, code }) => ({
      started: at.getTime(),
      status: code === null ? "running" : statuses[code],
      exit_status: code,
      is_open: code === null,
    })),
  );
  const [{ posts }] = await query(
    data,
    `SELECT count(*) AS posts FROM read_parquet('{data}/raw/${source}/*/*.parquet')`,
  ) as [{ posts: number }];
  const summed = runs.reduce(
    (sum, { summary }) => sum + (summary?.posts ?? 0) + (summary?.recovered_posts ?? 0),
    0,
  );
  assert.equal(summed, posts, "posts of the runs' summaries");
  const status = await runTask(["status", "--data", data, "--json"], {
    CIVICSKY_CLOCK: new Date(END).toISOString(),
  });
  const shown = JSON.parse(status.stdout).runs.map((run: { status: string }) => run.status);
  const last = runs.slice(-shown.length).reverse();
  assert.deepEqual(shown, last.map(({ code }) => code === null ? "died" : statuses[code]));
  assert.ok(shown.includes("died"));
}
