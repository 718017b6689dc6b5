import assert from "node:assert/strict";
import { query, withData } from "../rows.ts";
import type { TaskResult } from "../task.ts";
import { nameOf, outcomes, SampleNetwork, type StepRow } from "../etl/daily/daily_run.ts";

const START = "2026-06-01T00:00:00Z";
/** A day and a half later, as far back as a Jetstream host looks. */
const RETURN = "2026-06-02T12:00:00Z";
const AGAIN = "2026-06-02T12:00:30Z";
const LATER = "2026-06-04T00:30:00Z";

const RUNS = "read_parquet('{data}/runs/*/*.parquet')";

/** Give the UTC days that have labels of a classifier. */
async function labelledDays(data: string, classifier: string): Promise<unknown[]> {
  const labels =
    `read_parquet('{data}/labels/${classifier}/*/*.parquet', hive_partitioning = true)`;
  const rows = await query(
    data,
    `SELECT DISTINCT date::VARCHAR AS day FROM ${labels} ORDER BY day`,
  );
  return rows.map(({ day }) => day);
}

/** Give how the runs that started at an instant ended, as `task: status`, in the order of names. */
async function ledger(data: string, clock: string): Promise<string[]> {
  const rows = await query(
    data,
    `SELECT task, status FROM ${RUNS} WHERE started_at = '${clock}'::TIMESTAMP ORDER BY ALL`,
  );
  return rows.map(({ task, status }) => `${task}: ${status}`);
}

/** Give why steps failed or were skipped. */
function reasons(steps: StepRow[]): Record<string, string | null> {
  return Object.fromEntries(
    steps.filter(({ reason }) => reason !== null).map((step) => [nameOf(step), step.reason]),
  );
}

/** Give what people were told since this was asked last. */
function told({ webhook }: SampleNetwork): string[] {
  return webhook.texts.splice(0).map((text) =>
    /^Civicsky demo on \S+: ((mended: )?deno task \S+ failed): /.exec(text)?.[1] ?? text
  );
}

// Invariant 10
Deno.test("daily runs the tasks of a day, whatever becomes of each, and what is left the next time", async (t) => {
  await withData(async (data) => {
    const network = await SampleNetwork.start(data);
    try {
      // The study begins: from here on its hours are owed.
      const began = await network.run(START, ["sync:jetstream"]);
      assert.equal(began.code, 0, began.stderr);

      await t.step("a step that fails stops only what cannot do without it", async () => {
        await network.writeStudy((text) =>
          text.replace("/catch-up", "/no-such-feed").replace("characters: 10", "characters: many")
        );
        const { code, steps, stderr, summary } = await network.daily(RETURN);
        assert.equal(code, 1, stderr);
        assert.deepEqual(outcomes(steps), [
          "sync:jetstream: done",
          "sync:most-liked: failed",
          "preprocess: failed",
          "classify:dictionary: skipped",
          "classify:perspective: skipped",
          "classify:sociopolitical: skipped",
          "classify:attributes: skipped",
          "aggregate: done",
          "render: skipped",
        ]);
        assert.match(steps[0]!.did, /^10 posts/);
        const [, feeds, preprocess] = steps;
        assert.match(feeds!.reason!, /^Cannot read the feed .*no-such-feed: /);
        assert.match(feeds!.remedy!, /^Name another feed/);
        assert.match(preprocess!.reason!, /^Cannot read .*study\.yaml \(filters\.minimum_length\)/);
        assert.deepEqual([feeds!.exit_status, preprocess!.exit_status], [1, 2]);
        assert.equal(reasons(steps).render, "preprocess failed");
        assert.equal(reasons(steps)["classify:dictionary"], "preprocess failed");
        assert.deepEqual([summary.status, summary.failed, summary.left], ["failed", 2, 5]);
        assert.match(stderr, /^\[1\/9\] sync:jetstream\n/m);
        assert.match(stderr, /^\[3\/9\] preprocess\nCannot read [^\n]*\n {2}Mend that key/m);
        assert.match(stderr, /^\[9\/9\] render skipped: preprocess failed\n/m);
        assert.match(
          stderr,
          /\nCannot finish the day: sync:most-liked, preprocess failed\n {2}[^\n]+\n$/,
        );
        assert.deepEqual(told(network), [
          "deno task sync:most-liked failed",
          "deno task preprocess failed",
        ]);
      });

      await t.step(
        "mended and run again it does what is left, of all days; two at once are one",
        async () => {
          await network.writeStudy();
          let second: Promise<TaskResult> | undefined;
          const { code, steps, stderr } = await network.daily(AGAIN, [], {}, (text) => {
            if (text.includes("[1/9]")) second ??= network.run(RETURN, ["daily"]);
          });
          assert.equal(code, 0, stderr);
          const busy = await second!;
          assert.equal(busy.code, 3, busy.stderr);
          assert.match(busy.stderr, /^Cannot run daily: the same work is already running/);
          assert.deepEqual(reasons(steps), {
            "classify:perspective": "PERSPECTIVE_API_KEY is not set",
            "classify:sociopolitical": "neither GROQ_API_KEY nor GROQ_BASE_URL is set",
            "classify:attributes": "neither GROQ_API_KEY nor GROQ_BASE_URL is set",
          });
          assert.deepEqual(await ledger(data, AGAIN), [
            "aggregate: done",
            "classify:dictionary: done",
            "daily: done",
            "preprocess: done",
            "render: done",
            "sync:jetstream: done",
            "sync:most-liked: done",
          ]);
          // The run before had collected all that was owed.
          assert.match(steps[0]!.did, /^0 posts/);
          assert.equal(steps[2]!.did, "8 posts, 2 days, 0 unchanged");
          assert.equal(steps[3]!.did, "7 labelled, 1 without a label");
          assert.deepEqual(await labelledDays(data, "dictionary"), ["2026-06-01", "2026-06-02"]);
          assert.ok(Deno.statSync(`${data}/reports/01-overview.html`).isFile);
          assert.deepEqual(told(network), [
            "mended: deno task sync:most-liked failed",
            "mended: deno task preprocess failed",
          ]);
          assert.deepEqual(network.webhook.beats, ["/beat"]);
        },
      );

      await t.step(
        "a step that is killed stops no other, and a signal to daily ends its step",
        async () => {
          const before = network.jetstream.connections.length;
          let killed: Promise<void> | undefined;
          let [isOver, isTold] = [false, false];
          const kill = async () => {
            while (network.jetstream.connections.length === before) {
              assert.ok(!isOver, "the task has asked the host");
              await new Promise((done) => setTimeout(done, 10));
            }
            const running = `FROM ${RUNS} WHERE task = 'sync:jetstream' AND status = 'running'`;
            const [run] = await query(data, `SELECT pid ${running}`);
            Deno.kill(Number(run!.pid), "SIGKILL");
          };
          const { code, steps, stderr, summary } = await network.daily(
            LATER,
            [],
            {},
            (text, daily) => {
              if (text.includes("[1/9]")) killed ??= kill();
              // Once: a second signal may find the run at its end, without anything that takes it.
              if (!isTold && /^\[3\/9\] preprocess\n/m.test(text)) {
                isTold = true;
                daily.kill("SIGTERM");
              }
            },
          );
          isOver = true;
          await killed;
          assert.equal(code, 1, stderr);
          assert.deepEqual(outcomes(steps).slice(0, 3), [
            "sync:jetstream: failed",
            "sync:most-liked: done",
            "preprocess: stopped",
          ]);
          assert.equal(steps[0]!.reason, "it was ended by SIGKILL");
          const stopped = steps.slice(3).map(({ status, reason }) => `${status}: ${reason}`);
          assert.deepEqual(stopped, Array(6).fill("skipped: daily was stopped before"));
          assert.deepEqual([summary.failed, summary.left], [1, 7]);
        },
      );

      await t.step(
        "--date labels the posts of that day; a signal leaves what it has not come to",
        async () => {
          network.pass("2026-06-04T01:00:00.000Z");
          const paid = "classifiers: [dictionary, perspective, sociopolitical]";
          await network.writeStudy((text) => `${text}\ndaily: { ${paid} }\n`);
          const sent = await network.run(
            LATER,
            ["classify:sociopolitical", "--batch"],
            network.keys,
          );
          assert.equal(sent.code, 4, sent.stderr);
          const date = ["--date", "2026-06-01"];
          let isTold = false;
          const { code, steps, stderr, summary } = await network.daily(
            LATER,
            date,
            network.keys,
            (text, daily) => {
              if (isTold || !/^\[8\/8\] render\n/m.test(text)) return;
              isTold = true;
              daily.kill("SIGTERM");
            },
          );
          assert.equal(code, 4, stderr);
          const days = "--since 2026-06-01 --until 2026-06-01";
          assert.deepEqual(outcomes(steps), [
            "sync:jetstream: done",
            "sync:most-liked: skipped",
            "preprocess: done",
            `classify:dictionary ${days}: done`,
            `classify:perspective ${days}: done`,
            `classify:sociopolitical --batch ${days}: done`,
            "aggregate: done",
            "render: stopped",
          ]);
          assert.equal(reasons(steps)["sync:most-liked"], "feeds show only the last 24 hours");
          assert.deepEqual([summary.date, summary.status, summary.left], [
            "2026-06-01",
            "stopped",
            1,
          ]);
          assert.deepEqual(await labelledDays(data, "perspective"), ["2026-06-01"]);
          // The batch was sent for all days.
          assert.deepEqual(await labelledDays(data, "sociopolitical"), [
            "2026-06-01",
            "2026-06-02",
          ]);
          assert.deepEqual([...Deno.readDirSync(`${data}/locks`)], []);

          assert.deepEqual(network.webhook.beats, ["/beat"]);
        },
      );
    } finally {
      await network.close();
    }
  });
});

Deno.test("a day that is not over and one that is none are refused", async () => {
  await withData(async (data) => {
    const network = await SampleNetwork.start(data);
    for (const date of ["2026-06-02", "2026-06-03", "2026-02-30", "yesterday"]) {
      const { code, stderr } = await network.run(RETURN, ["daily", "--date", date]);
      assert.equal(code, 2, stderr);
      assert.ok(stderr.startsWith(`Cannot run daily: --date "${date}" is not `), stderr);
    }
    await network.close();
  });
});
