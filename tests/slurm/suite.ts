/** `deno task test:slurm`: days labelled by the jobs of a real Slurm of one node (docs/cluster.md). */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { LoopbackGroq } from "../../demo/groq/groq.ts";
import { paidTwice, withGroq } from "../classifiers/chat/chat_run.ts";
import { query, withData } from "../rows.ts";
import { Cluster } from "./cluster.ts";
import { hostsShareAStudy } from "./hosts.ts";
import {
  CLASSIFIERS,
  counts,
  DAYS,
  logs,
  newestAnswers,
  POSTS_A_DAY,
  QUOTA,
  running,
  submit,
  until,
  writeScripts,
  writeWeek,
} from "./labelling.ts";

const POSTS = DAYS.length * POSTS_A_DAY;

Deno.test("a week is labelled by the jobs of a cluster, whatever becomes of them", async (t) => {
  await withData((folder) =>
    withGroq({ latencyMs: 100, limits: { requestsPerMinute: 60 * QUOTA } }, async (server) => {
      const data = join(folder, "project space");
      await Deno.mkdir(data);
      await writeWeek(data);
      await using cluster = await Cluster.start();
      const [first, second] = await Promise.all(
        CLASSIFIERS.map((classifier) => writeScripts(data, classifier)),
      ) as [string, string];

      const step = async (name: string, run: () => Promise<void>) => {
        if (await t.step(name, run)) return;
        throw new Error(`what follows needs that ${name}\n${await logs(first)}`);
      };

      await step("an array that is cancelled stays cancelled", async () => {
        const { array, after } = await submit(cluster, first, server);
        await asked(server, 20);
        await cluster.say(["scancel", array, after]);
        await cluster.drain(60);
        assert.match(await logs(first), /ended by Slurm \(exit status 4\)/);
      });

      const jobs = await Promise.all(
        [first, second].map((script) => submit(cluster, script, server)),
      );
      const array = jobs[0]!.array;
      let interrupted: string | undefined;
      await step("a task whose process is killed starts again and goes on", async () => {
        const { job, run } = await labelling();
        Deno.kill(run, "SIGKILL");
        await startsAgain(job, 137);
        await cluster.say(["scontrol", "update", `JobId=${job}`, "StartTime=now"]);
      });
      await step("a task that nears its time limit ends durably and starts again", async () => {
        const { job, script } = await labelling();
        // As --signal=B:TERM@120 does; scancel --batch repeats it (22.05, for tasks of arrays).
        Deno.kill(script, "SIGTERM");
        await startsAgain(job, 4);
      });
      await step(
        "a task that Slurm itself requeues, as after the loss of a node, goes on",
        async () => {
          const { job } = await labelling();
          await cluster.say(["scontrol", "requeue", job]);
          await until(
            `${job} is back`,
            async () => (await cluster.queue()).some((line) => line.startsWith(`${job} PENDING`)),
          );
        },
      );
      await step("labels are complete and unique, and the quota was kept", async () => {
        await cluster.drain(600);
        for (const classifier of CLASSIFIERS) {
          const expected = { rows: POSTS, posts: POSTS, failed: 0 };
          assert.deepEqual(await counts(data, classifier), expected, classifier);
        }
        const { record } = server;
        assert.deepEqual([...record.statuses.keys()], [200], "the server refused none");
        // A burst of a request for each run.
        const most = record.mostWithin(10_000);
        assert.ok(most <= 10 * QUOTA + 2, `${most} requests in ten seconds`);
        // What is under way when a run is killed is asked about again: four incidents.
        assert.ok(paidTwice(server) <= 4 * QUOTA, `${paidTwice(server)} answers were paid twice`);
        console.log(
          `${CLASSIFIERS.length} x ${POSTS} labels, ${record.arrivals.length} requests, ` +
            `${paidTwice(server)} answers paid twice, at most ${
              record.mostWithin(1000)
            } a second ` +
            `and ${most} in ten`,
        );
      });
      await step("counts were made after the last label, and pages were rendered", async () => {
        const runs = await query<{ task: string; started_at: string; ended_at: string }>(
          data,
          `SELECT task, started_at::VARCHAR AS started_at, ended_at::VARCHAR AS ended_at
           FROM read_parquet('{data}/runs/*/*.parquet') WHERE status IN ('done', 'stopped')`,
        );
        const of = (task: string) => runs.filter((run) => run.task === task);
        const ends = of("classify:sociopolitical").map((run) => run.ended_at).sort();
        const starts = of("aggregate").map((run) => run.started_at).sort();
        assert.ok(starts.at(-1)! > ends.at(-1)!);
        assert.equal(starts.length, 2, "one for each array");
        assert.ok(
          [...Deno.readDirSync(`${data}/reports`)].some(({ name }) => name.endsWith(".html")),
        );
        const all = await logs(first);
        assert.doesNotMatch(all, /gsk_/, "a key in a log");
      });
      await step(
        "runs on two hosts exclude each other on a label set and keep the quotas of models",
        () => hostsShareAStudy(data, server),
      );

      async function labelling() {
        return await until("a task is in the middle of its work", async () => {
          const found = await running(cluster, array, "sociopolitical");
          const newest = await newestAnswers(data, "sociopolitical");
          if (!found || !newest || newest.segment === interrupted) return undefined;
          if (newest.answers < 10 || newest.answers > POSTS_A_DAY / 2) return undefined;
          // What it leaves lies there until a task begins.
          interrupted = newest.segment;
          return found;
        });
      }

      async function startsAgain(job: string, status: number) {
        await until(
          `${job} says that it starts again`,
          async () => (await logs(first)).includes(`${job}: exit status ${status}: starts again`),
        );
        await until(
          `${job} waits`,
          async () => (await cluster.queue()).some((line) => line.startsWith(`${job} PENDING`)),
        );
      }
    })
  );
});

async function asked({ record }: LoopbackGroq, requests: number): Promise<void> {
  await until("requests come", () => Promise.resolve(record.arrivals.length >= requests));
}
