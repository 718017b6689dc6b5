/** `deno task test:week`: seven simulated days of the demo's network with a mishap a day. */
import assert from "node:assert/strict";
import { accountOf } from "../../demo/sample/account.ts";
import { readSample } from "../../demo/sample/sample.ts";
import { sampleCoder } from "../../demo/groq/sample_coder.ts";
import { expectedOfSample } from "../demo/expected.ts";
import { type DailyResult, SampleNetwork } from "../etl/daily/daily_run.ts";
import { fillBut, withSmallDisk } from "../etl/store/small_disk.ts";
import { query } from "../rows.ts";
import type { TaskResult } from "../task.ts";
import { assertOneEach } from "./told.ts";

/** Room for a week of the demo with its pages, and not much more. */
const DISK_MEGABYTES = 64;
/** Enough for rows of the ledger and locks, and for no part of a table. */
const LITTLE = 40 * 1024;
const RUNS = "read_parquet('{data}/runs/*/*.parquet')";
/** Nobody listens there. */
const NOWHERE = "127.0.0.1:9";

// Invariants 1, 2, 3, 8 and 10
Deno.test("seven days with a mishap each end with complete tables, a truthful status and one notice an incident", async (t) => {
  await withSmallDisk(async (data) => {
    const sample = readSample();
    const network = await SampleNetwork.start(data, sample, sampleCoder(sample));
    const keys = network.keys;
    const daily = (clock: string, env: Record<string, string> = {}) =>
      network.daily(clock, [], { ...keys, ...env });
    const check = (clock: string) => network.run(clock, ["status", "--check"]);
    try {
      const began = await network.run("2026-06-01T00:00:00Z", ["sync:jetstream"]);
      assert.equal(began.code, 0, began.stderr);

      await t.step("day 1 goes well", async () => {
        const first = await daily("2026-06-02T00:30:00Z");
        assert.equal(first.code, 0, first.stderr);
        const well = await check("2026-06-02T08:00:00Z");
        assert.equal(well.code, 0, well.stdout);
        assert.deepEqual([network.webhook.texts, network.webhook.beats], [[], ["/beat"]]);
      });

      await t.step("day 2: the machine crashes in the middle", async () => {
        const crash = network.daily("2026-06-03T00:30:00Z", [], keys, async (text, process) => {
          if (!/^\[4\/\d+\] classify:dictionary\n/m.test(text)) return;
          process.kill("SIGKILL");
          for (const pid of await running(data)) killHard(pid);
        });
        const { stderr, steps } = await crash;
        assert.match(stderr, /^\[4\/\d+\] classify:dictionary\n/m);
        assert.deepEqual(steps, []);
        const again = await daily("2026-06-03T00:40:00Z");
        assert.equal(again.code, 0, again.stderr);
        const [died] = await query(
          data,
          `SELECT count(*) AS n FROM ${RUNS} WHERE ended_at IS NULL`,
        );
        assert.ok(Number(died!.n) >= 1, "the ledger shows what died");
      });

      await t.step("day 3: the disk is full", async () => {
        const filling = await fillBut(data, LITTLE);
        const full = await daily("2026-06-04T00:30:00Z");
        assert.equal(full.code, 1, full.stderr);
        assert.match(full.stderr, /the disk is full|No space left/);
        await Deno.remove(filling);
        const freed = await daily("2026-06-04T09:00:00Z");
        assert.equal(freed.code, 0, freed.stderr);
        assertOneEach(network.webhook.texts);
        assert.ok(network.webhook.texts.length >= 2, "somebody was told");
      });

      await t.step("day 4: the clock is set back by an hour after the run", async () => {
        const before = network.webhook.texts.length;
        for (
          const clock of ["2026-06-05T00:30:00Z", "2026-06-04T23:30:00Z", "2026-06-05T00:35:00Z"]
        ) {
          const { code, stderr } = await daily(clock);
          assert.equal(code, 0, `${clock}: ${stderr}`);
        }
        assert.equal(network.webhook.texts.length, before);
      });

      let dead: DailyResult | undefined;
      await t.step("day 5: there is no network, for notices neither", async () => {
        const before = network.webhook.texts.length;
        network.webhook.status = 503;
        const none = {
          BLUESKY_JETSTREAM: `ws://${NOWHERE}`,
          BLUESKY_APPVIEW: `http://${NOWHERE}`,
          PERSPECTIVE_ROOT_URL: `http://${NOWHERE}/`,
          GROQ_BASE_URL: `http://${NOWHERE}/openai/v1`,
        };
        dead = await daily("2026-06-06T00:30:00Z", none);
        assert.equal(dead.code, 1, dead.stderr);
        const late = await check("2026-06-06T09:00:00Z");
        assert.equal(late.code, 1, late.stdout);
        assert.equal(network.webhook.texts.length, before);
      });

      await t.step("day 6: the run is started twice at the same time", async () => {
        network.webhook.status = 200;
        let second: Promise<TaskResult> | undefined;
        const clock = "2026-06-07T00:30:00Z";
        const first = await network.daily(clock, [], keys, (text) => {
          if (text.includes("[1/")) second ??= network.run(clock, ["daily"], keys);
        });
        assert.equal(first.code, 0, first.stderr);
        assert.equal((await second!).code, 3);
        assert.equal((await check("2026-06-07T09:00:00Z")).code, 0);
        const told = network.webhook.texts.join("\n");
        for (const { task, status } of dead!.steps) {
          if (status === "failed") assert.ok(told.includes(`mended: deno task ${task}`), task);
        }
        assertOneEach(network.webhook.texts);
      });

      await t.step("day 7 goes well, and all of the week is there", async () => {
        network.pass("2026-06-08T01:00:00.000Z");
        const last = await daily("2026-06-08T00:30:00Z");
        assert.equal(last.code, 0, last.stderr);
        const well = await check("2026-06-08T08:00:00Z");
        assert.equal(well.code, 0, well.stdout);
        await assertTables(data);
        await assertStatus(network);
        assertOneEach(network.webhook.texts);
      });
    } finally {
      await network.close();
    }
  }, DISK_MEGABYTES);
});

/** Give the pids of runs that have no end in the ledger. */
async function running(data: string): Promise<number[]> {
  const rows = await query(data, `SELECT pid FROM ${RUNS} WHERE ended_at IS NULL`);
  return rows.map(({ pid }) => Number(pid));
}

function killHard(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    // It has ended by itself.
    if (!/ESRCH|NotFound/.test(String(error))) throw error;
  }
}

/** Compare posts, filters and labels with what the sample's file says. */
async function assertTables(data: string): Promise<void> {
  const expected = await expectedOfSample();
  const posts = await query(
    data,
    `SELECT p.did, p.text, p.date::VARCHAR AS day, p.passed_filters, l.reason, l.is_political
     FROM read_parquet('{data}/posts/*/*.parquet') p
     JOIN read_parquet('{data}/labels/dictionary/*/*.parquet') l USING (uri, cid, date)
     ORDER BY ALL`,
  );
  const wanted = expected.posts.map((post) => ({
    did: accountOf(post.author).did,
    text: post.text,
    day: post.day,
    passed_filters: !Object.values(post.flags).some(Boolean),
    reason: post.reason,
    is_political: post.political,
  }));
  const lines = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
  assert.deepEqual(lines(posts), lines(wanted));
  const counts: [string, number][] = [
    ["perspective", expected.posts.filter((post) => post.unscored === null).length],
    ["sociopolitical", expected.posts.filter((post) => post.code !== null).length],
    ["attributes", expected.posts.filter((post) => post.code !== null).length],
  ];
  for (const [classifier, labelled] of counts) {
    const [row] = await query(
      data,
      `SELECT count(*)::INTEGER AS labels, count(DISTINCT (uri, cid, label_set_id))::INTEGER AS keys,
         count(*) FILTER (was_successfully_labeled)::INTEGER AS labelled
       FROM read_parquet('{data}/labels/${classifier}/*/*.parquet')`,
    );
    const all = expected.posts.length;
    assert.deepEqual(row, { labels: all, keys: all, labelled }, classifier);
  }
}

/** Hold what status says to the tables and the ledger. */
async function assertStatus(network: SampleNetwork): Promise<void> {
  const { stdout, stderr } = await network.run("2026-06-08T08:00:00Z", ["status", "--json"]);
  const status = JSON.parse(stdout || stderr);
  const [posts] = await query(
    network.data,
    "SELECT count(*)::INTEGER AS rows FROM read_parquet('{data}/posts/*/*.parquet')",
  );
  const table = status.tables.find(({ table }: { table: string }) => table === "posts");
  assert.equal(table.rows, posts!.rows);
}
