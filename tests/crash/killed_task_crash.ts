import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startRelay } from "../../demo/network/relay.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { smallSample } from "../demo/small_sample.ts";
import {
  completed,
  DAY,
  fetched,
  journal,
  labelling,
  post,
  withAppView,
} from "../etl/context/context_run.ts";
import {
  firehose,
  FRAMES,
  LAST_POST,
  RUNS,
  untilCollected,
  withRelay,
} from "../etl/run/connected_run.ts";
import { count, counted, lay, NOW, task } from "../etl/sources/counting_run.ts";
import { DIED, FAILED, watchedStudy } from "../etl/watch/watched_study.ts";
import { uri } from "../raw.ts";
import { query, withData } from "../rows.ts";
import { runTask, taskProcess } from "../task.ts";
import {
  label,
  REPLICATES,
  rounds,
  startLabelling,
  withLabeller,
  writeStudy,
} from "../classifiers/chat/anchor_run.ts";
import { numberedPosts, until, writeDays } from "../classifiers/perspective_run.ts";

// Invariant 10
Deno.test("SIGTERM ends a run with 4 and everything that it had received has landed", async () => {
  await withRelay(async (data, relay) => {
    const task = taskProcess([...firehose(data, relay), "--json"]);
    const output = task.output();
    await untilCollected(data);
    const [running] = await query(data, RUNS);
    assert.deepEqual([running!.status, running!.exit_status], ["running", null]);
    Deno.kill(running!.pid as number, "SIGTERM");
    const { code, stdout } = await output;
    assert.equal(code, 4);
    const summary = JSON.parse(new TextDecoder().decode(stdout));
    assert.equal(summary.status, "stopped");
    assert.ok(summary.events > LAST_POST - FRAMES[0]!.seq);
    const [run] = await query(data, RUNS);
    assert.deepEqual([run!.status, run!.exit_status], ["stopped", 4]);
    assert.deepEqual([...Deno.readDirSync(new DataPaths(data).journal("firehose"))], []);
    assert.deepEqual([...Deno.readDirSync(new DataPaths(data).locks())], []);
  });
});

// Invariants 1 and 10
Deno.test("a run that was killed is shown as died, and the next one loses and repeats nothing", async () => {
  await withRelay(async (data, relay) => {
    const output = taskProcess(firehose(data, relay)).output();
    await untilCollected(data);
    const [running] = await query(data, RUNS);
    const alive = JSON.parse((await runTask(["status", "--json", "--data", data])).stdout);
    assert.deepEqual(alive.runs.map((run: { status: string }) => run.status), ["running"]);
    Deno.kill(running!.pid as number, "SIGKILL");
    await output;
    const status = await runTask(["status", "--data", data]);
    assert.equal(status.code, 0);
    assert.match(status.stdout, /sync:firehose +\S+ \S+ +died/);
    const next = await runTask([
      ...firehose(data, relay).filter((arg) => !["--hours", "1"].includes(arg)),
      "--minutes",
      "0.005",
      "--json",
    ]);
    assert.equal(next.code, 0, next.stderr);
    const { posts, recovered_posts } = JSON.parse(next.stdout);
    const [raw] = await query(
      data,
      `SELECT count(*) AS n, count(DISTINCT (uri, cid)) AS versions,
         count(DISTINCT uri) AS posts
       FROM read_parquet('{data}/raw/firehose/*/*.parquet')`,
    );
    assert.equal(raw!.posts, smallSample().posts.length);
    assert.equal(raw!.n, raw!.versions);
    assert.deepEqual([posts, recovered_posts], [0, raw!.n], "what was collected and recovered");
    assert.ok(Number(relay.connections.at(-1)!.cursor) >= LAST_POST);
  });
});

// Invariant 1
Deno.test("a run that is killed between two answers has the first, and the next asks for the rest", () =>
  withAppView(async (appView, data) => {
    const ages = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`p${index}`, 50]));
    await lay(data, "most_liked", ages);
    await task(data, "preprocess");
    const run = taskProcess(
      ["sync:most-liked", "--data", data, "--appview", appView.url],
      { CIVICSKY_CLOCK: NOW },
    );
    const output = run.output();
    appView.before = async () => {
      if (appView.asked.length < 3) return;
      run.kill("SIGKILL");
      await run.status;
    };
    await output;
    appView.before = () => {};
    const lost = appView.asked.splice(0)[2]!;
    assert.deepEqual(await query(data, "SELECT * FROM glob('{data}/raw/counts/**')"), []);
    assert.deepEqual((await count(appView, data)).counts, { due: 10, counted: 10, gone: 0 });
    assert.deepEqual(appView.asked, [lost]);
    const rows = await counted(data);
    assert.deepEqual(rows.map((row) => row.uri), Object.keys(ages).map((rkey) => uri(rkey)).sort());
    assert.deepEqual([...Deno.readDirSync(`${data}/journal/counts`)], []);
  }));

// Invariant 1
Deno.test("what a run fetched before kill -9 is landed by the next one, which asks for the rest", () =>
  withAppView(async (appView, data) => {
    const posts = Array.from(
      { length: 60 },
      (_, index) => post(`p${index}`, { quoted_uri: uri(`c${index}`) }),
    );
    await labelling(data, posts, undefined, () => Promise.resolve());
    const script = fileURLToPath(new URL("../etl/context/fetch_contexts.ts", import.meta.url));
    const run = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", script, data, appView.url, DAY],
      stdout: "null",
      stderr: "null",
    }).spawn();
    appView.before = async () => {
      if (appView.asked.length < 3) return;
      run.kill("SIGKILL");
      await run.status;
    };
    await run.status;
    appView.before = () => {};
    const lost = appView.asked.splice(0)[2]!;
    assert.deepEqual(await query(data, "SELECT * FROM glob('{data}/raw/context/**')"), []);
    await Deno.writeTextFile(journal(data)!, '{"host":"torn', { append: true });
    const found = await completed(data, posts, appView.url);
    assert.deepEqual(appView.asked, [lost]);
    assert.deepEqual([...found.values()].map(({ parts }) => parts.length), posts.map(() => 1));
    assert.equal(journal(data), undefined);
    const rows = (await fetched(data)).map(({ uri }) => uri);
    assert.deepEqual(rows, posts.map(({ quoted_uri }) => quoted_uri).sort());
  }));

Deno.test("tasks that cron never started are overdue, and those that failed or died, beside one that runs", () =>
  withData(async (data) => {
    const study = await watchedStudy(data, {});
    await study.run("sync:firehose", "2026-06-09T00:10");
    assert.deepEqual(await study.overdue("2026-06-10T02:00"), []);
    await study.run("sync:firehose", "2026-06-10T03:00", DIED);
    await study.run("classify:none", "2026-06-10T03:00", DIED);
    await study.run("import", "2026-06-10T03:00", DIED);
    assert.deepEqual(await study.overdue("2026-06-10T03:10"), ["preprocess", "died:sync:firehose"]);
    await study.run("sync:firehose", "2026-06-10T04:00", { status: "busy", exit_status: 3 });
    assert.ok((await study.overdue("2026-06-10T04:00")).includes("died:sync:firehose"));
    await study.run("preprocess", "2026-06-10T04:00");
    await study.run("classify:dictionary", "2026-06-09T04:10");
    await study.run("classify:dictionary", "2026-06-10T04:10", FAILED);
    const relay = startRelay({ startAt: "oldest", frames: [] });
    const env = { CIVICSKY_CLOCK: "2026-06-10T04:30:00Z", BLUESKY_RELAY: relay.url };
    const sync = taskProcess(["sync:firehose", "--hours", "9", "--data", data], env);
    while (!Array.from(Deno.readDirSync(data)).some(({ name }) => name === "journal")) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(await study.overdue("2026-06-10T07:00"), ["classify:dictionary"]);
    sync.kill("SIGKILL");
    await sync.output();
    await relay.close();
    assert.deepEqual(await study.overdue("2026-06-10T07:00"), [
      "classify:dictionary",
      "died:sync:firehose",
    ]);
  }));

// Invariant 3
Deno.test("a run that is killed in the middle of a round has paid for nothing that the next pays again", () =>
  withData((data) =>
    withLabeller({ latencyMs: 30 }, async (labeller) => {
      const { record } = labeller.server;
      await writeDays(data, numberedPosts(16));
      await writeStudy(data, { anchors: { posts: 16 } });
      assert.equal((await label(data, labeller, "2026-06-03")).code, 0);
      const killed = startLabelling(data, labeller, "2026-06-04");
      await until(() => record.statuses.get(200)! >= 16 + 9);
      killed.kill("SIGKILL");
      await killed.output();
      const { code, stderr, summary } = await label(data, labeller, "2026-06-04");
      assert.equal(code, 0, stderr);
      assert.deepEqual(await rounds(data), [[1, "labelled", 16]]);
      const runs = await query(data, `SELECT count(DISTINCT run_id) AS n FROM ${REPLICATES}`);
      assert.deepEqual(runs, [{ n: 2 }], "what the killed run had paid for is in");
      const twice = 16 - summary.replicates.labelled;
      assert.ok(twice >= 1, "the second run asked about all of them");
      // Four requests are under way at a time, and so many answers may wait for the disk.
      assert.ok(record.statuses.get(200)! <= 32 + 8, `${record.statuses.get(200)}`);
      assert.deepEqual([...Deno.readDirSync(new DataPaths(data).replicateAnswers(
        "sociopolitical",
        summary.label_set_id,
      ))], []);
    })
  ));
