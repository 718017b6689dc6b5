/** What a classifier that is paid keeps of its answers, of what they cost and of a day's quota. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { AnswerSegment } from "../../etl/answers/answer_segment.ts";
import { DayUse } from "../../etl/quota/day_use.ts";
import { Pacer } from "../../etl/quota/pacer.ts";
import { UserError } from "../../etl/run/error.ts";
import type { PendingPost } from "../../etl/sampling/pending.ts";
import { uniform } from "../../etl/sampling/sample.ts";
import { leftSegments } from "../../etl/store/journal.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { test } from "../classifiers/engine/answered_study.ts";
import { lines, numbered } from "../etl/answers/numbered_answers.ts";
import { answer, DAY, LABELLED, writePosts } from "../classifiers/engine/labelled_day.ts";
import { exhaust, perDay } from "../etl/quota/day_quota.ts";
import { NEVER, REQUEST } from "../classifiers/engine/turned_clock.ts";
import {
  environment,
  label,
  LABELS,
  numberedPosts,
  outcomes,
  paidTwice,
  startLabelling,
  until,
  withAnalyzer,
  writeDays,
  writeStudy,
} from "../classifiers/perspective_run.ts";
import { Child } from "../etl/store/child.ts";
import { fill, fillBut, testOnSmallDisk } from "../etl/store/small_disk.ts";
import { uri } from "../raw.ts";
import { query, withData } from "../rows.ts";

const { labelSetId } = LABELLED;
const SCRIPT = fileURLToPath(new URL("../classifiers/engine/priced_script.ts", import.meta.url));

function post(name: string): Pick<PendingPost, "uri" | "cid" | "text_hash"> {
  return { uri: uri(name), cid: `cid-${name}`, text_hash: `hash-${name}` };
}

/** Start a run whose requests cost a quarter of a dollar. */
function startPriced(data: string, server: { url: string }, ...args: string[]): Deno.ChildProcess {
  const folders = ["--data", data, "--study", `${data}/study.yaml`];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", SCRIPT, "--json", ...folders, ...args],
    env: { NO_COLOR: "1", ...environment(server) },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function priced(data: string, server: { url: string }, ...args: string[]) {
  const { code, stdout, stderr } = await startPriced(data, server, ...args).output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, errors, summary: text!.startsWith("{") ? JSON.parse(text!) : {} };
}

// Invariant 3
Deno.test("a writer killed at any instant has lost no answer that it called durable", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    const durable: string[] = [];
    for (let kill = 0; kill < 4; kill++) {
      const child = new Child("../classifiers/engine/appending_script.ts", data, `${kill}000000`);
      durable.push((await child.line())!);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 50));
      durable.push(...await child.kill());
    }
    const segments = await leftSegments(paths.answers("tone", labelSetId));
    assert.equal(segments.length, 4);
    const stored = new Set((await Promise.all(segments.map(lines))).flat().map(({ uri }) => uri));
    for (const name of durable) assert.ok(stored.has(uri(name)), name);
  }));

// Invariant 3
testOnSmallDisk(
  "a full disk is told to all whose answers wait, and they are written when there is space",
  async (disk) => {
    const segment = await AnswerSegment.create(new DataPaths(disk).answers("tone", labelSetId));
    const long = "x".repeat(20_000);
    await segment.append(numbered(0, long));
    const full = await fill(disk);
    const results = await Promise.allSettled(
      [1, 2, 3].map((index) => segment.append(numbered(index, long))),
    );
    for (const result of results) {
      assert.equal(result.status, "rejected");
      assert.ok(result.reason instanceof UserError);
      assert.match(result.reason.format(), /[Nn]o space left.*\n.*Free some space/);
      assert.doesNotMatch(result.reason.format(), /xxx/);
    }
    assert.equal((await lines(segment.path)).length, 1);
    await Deno.remove(full);
    await segment.append(numbered(4), true);
    assert.deepEqual(await segment.find("request-t4"), numbered(4));
    await segment.close();
    const indices = (await lines(segment.path)).map(({ answer }) => JSON.parse(answer!).index);
    assert.deepEqual(indices, [0, 1, 2, 3, 4]);
    await fillBut(disk, 3 * 2 ** 20);
    const next = AnswerSegment.create(new DataPaths(disk).answers("tone", labelSetId));
    await assert.rejects(next, /[Nn]o space left/);
    assert.equal([...Deno.readDirSync(dirname(segment.path))].length, 1, "an empty one is left");
  },
  8,
);

// Invariant 3
test("a process killed at any instant of appending and merging leaves each answer once", async (study) => {
  await writePosts(study.paths, { passed: 10 });
  const durable: string[] = [];
  for (let kill = 0; kill < 5; kill++) {
    const script = "../classifiers/engine/merging_script.ts";
    const child = new Child(script, study.data, `${kill}000000`);
    await child.line();
    // On a busy machine none of them might come to its first answer.
    if (kill === 0) durable.push((await child.line())!);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
    durable.push(...await child.kill());
  }
  await study.merge();
  const stored = (await study.labels()).map(({ uri }) => uri);
  assert.equal(new Set(stored).size, stored.length, "an answer is there twice");
  for (const name of durable) assert.ok(stored.includes(uri(name)), name);
  await study.append(answer(post("passed-1")));
  await study.merge();
  const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name);
  assert.deepEqual(names(study.paths.answers("tone", LABELLED.labelSetId)), []);
  assert.deepEqual(names(`${study.data}/labels/tone/date=${DAY}`), ["labels.parquet"]);
});

// Invariant 9
Deno.test("--max-cost and the month's budget end a run before it costs more, killed runs included", () =>
  withData((data) =>
    withAnalyzer({ latencyMs: 20 }, async (server) => {
      await writeDays(data, numberedPosts(60));
      await writeStudy(data, { quota: { requests_per_second: 20 }, budget: { per_month: 10 } });
      const plan = await priced(data, server, "--dry-run", "--max-cost", "2");
      assert.deepEqual([plan.summary.cost, plan.summary.remaining], [2, 52]);
      const first = await priced(data, server, "--max-cost", "2");
      assert.deepEqual([first.code, first.summary.stopped_by], [4, "cost"], first.errors);
      assert.deepEqual([first.summary.cost, first.summary.labelled], [2, 8]);

      const child = startPriced(data, server);
      await until(() => server.answered.size >= 16);
      child.kill("SIGKILL");
      await child.output();
      const last = await priced(data, server);
      assert.deepEqual([last.code, last.summary.stopped_by], [4, "cost"], last.errors);
      const paid = [...server.answered.values()].reduce((sum, count) => sum + count, 0);
      const { labelled } = await outcomes(data);
      assert.ok(last.summary.recovered > 0);
      // What is durable is paid for out of the budget to the cent; what was on its way is not known.
      assert.equal(labelled, 40);
      assert.ok(paid - labelled! <= 20, `${paid} answers`);
      const again = await priced(data, server);
      assert.deepEqual([again.code, again.summary.requests], [4, 0]);
    })
  ));

testOnSmallDisk(
  "on a full disk no request of a day goes that cannot be recorded",
  async (folder) => {
    const dayUse = await DayUse.open(folder);
    const pacer = new Pacer([perDay(100)], { dayUse });
    assert.ok(await pacer.take(REQUEST, NEVER));
    const filling = await fill(folder);
    // What was claimed before may still be taken.
    await assert.rejects(async () => {
      for (let time = 0; time < 50; time++) await pacer.take(REQUEST, NEVER);
    }, /No space left/);
    await Deno.remove(filling);
    assert.ok(await pacer.take(REQUEST, NEVER));
    await dayUse[Symbol.asyncDispose]();
  },
);

Deno.test("after a run that was killed a day is never overspent, and hardly anything of it is lost", async () => {
  await withData(async (folder) => {
    const quotas = JSON.stringify([perDay(400), { unit: "requests", amount: 100, perMs: 1000 }]);
    const script = "../classifiers/engine/day_use_script.ts";
    const killed = new Child(script, folder, quotas);
    assert.equal(await killed.line(), "ready");
    for (let count = 0; count < 20; count++) assert.equal(await killed.line(), ".");
    const lines = (await killed.kill()).filter((line) => line === ".").length;
    await using dayUse = await DayUse.open(folder);
    const sum = 20 + lines + await exhaust(new Pacer([perDay(400)], { dayUse }));
    assert.ok(sum <= 400, `${sum}`);
    assert.ok(sum >= 400 - 100, `${sum}: at most a second's worth is lost`);
  });
});

// Invariant 8
Deno.test("a run that is ended keeps what was in flight, with a reason where a post waited to be tried again", () =>
  withData((data) =>
    withAnalyzer({ latencyMs: 20 }, async (server) => {
      await writeDays(data, numberedPosts(200));
      await writeStudy(data, { timeout_seconds: 60, quota: { requests_per_second: 100 } });
      const child = startLabelling(data, server);
      await until(() => server.answered.size > 20);
      server.storm(60_000, 30);
      await until(() => (server.statuses.get(429) ?? 0) > 0);
      // As when the session closes in which it was started.
      child.kill("SIGHUP");
      const { code, stdout } = await child.output();
      assert.equal(code, 4);
      const summary = JSON.parse(new TextDecoder().decode(stdout));
      assert.equal(summary.stopped_by, "signal");
      const found = await outcomes(data);
      assert.equal(found.labelled, server.answered.size);
      assert.equal(found.rate_limited, server.statuses.get(429));
      assert.equal(summary.pending, 200 - found.labelled!);
      const rows = await query<{ uri: string; label_prob: number | null; has_row: boolean }>(
        data,
        `SELECT p.uri, l.label_prob, l.uri IS NOT NULL AS has_row
         FROM read_parquet('{data}/posts/*/*.parquet') p LEFT JOIN ${LABELS} l USING (uri)`,
      );
      // Every post is drawn, so its turn is its number. The first post without a row bounds the share;
      // a failure is a row, and holds up nobody.
      const turn = (uri: string) => uniform(uri, "1");
      const share = Math.min(...rows.filter((row) => !row.has_row).map(({ uri }) => turn(uri)));
      for (const { uri, label_prob } of rows.filter((row) => row.has_row)) {
        // The engines round the last digit of a turn each in its way.
        const isBefore = turn(uri) < share;
        assert.equal(label_prob !== null, isBefore, uri);
        if (isBefore) assert.ok(Math.abs(label_prob! - share) < 1e-12, uri);
      }
      assert.ok(rows.some(({ label_prob }) => label_prob !== null));
      server.storm(0);
      const rest = await label(data, server);
      assert.equal(rest.code, 0, rest.stderr);
      assert.deepEqual(await outcomes(data), { labelled: 200 });
      assert.equal(paidTwice(server), 0);
    })
  ));
