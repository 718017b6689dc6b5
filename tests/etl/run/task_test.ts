/** What every task keeps to on the command line, run as a user runs it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DataPaths } from "../../../etl/store/paths.ts";
import { lock } from "../../../etl/store/lock.ts";
import { query, withData } from "../../rows.ts";
import { TASKS } from "../../../main.ts";
import { ROOT, runTask, taskProcess } from "../../task.ts";
import { firehose, RUNS, STUDY, withRelay } from "./connected_run.ts";

Deno.test("help shows every task in a group with a line of its own, and so does a name that no task has", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  const help = new TextDecoder().decode((await taskProcess(["help"]).output()).stdout);
  for (const [group, own] of Object.entries(TASKS)) {
    const part = help.slice(help.indexOf(`\n${group}\n`)).trim().split("\n\n")[0]!.split("\n");
    assert.deepEqual(
      part,
      [group, ...Object.keys(own).map((name) => `  ${name.padEnd(25)}${tasks[name].description}`)],
    );
  }
  for (const name of Object.keys(tasks)) {
    if (name !== "help") assert.match(help, new RegExp(`^  ${name} +\\S`, "m"), name);
  }
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "--allow-read", "main.ts", "statsu"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  assert.deepEqual([code, stdout.length], [2, 0]);
  assert.equal(
    new TextDecoder().decode(stderr),
    `Cannot run statsu: there is no such task\n\n${help}`,
  );
});

// Invariant 10
Deno.test("a task or an option that does not exist is refused, and the right one is named", async () => {
  const { code, stdout, stderr } = await runTask(["status", "--jsn"]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.equal(
    stderr,
    "Cannot run status: unknown option '--jsn' (Did you mean --json?)\n" +
      "  See deno task status --help\n",
  );
});

// Invariant 10
Deno.test("a study with a typo ends with 2 and touches no data", async () => {
  await withData(async (data) => {
    const study = join(data, "study.yaml");
    const text = await Deno.readTextFile(STUDY);
    await Deno.writeTextFile(study, text.replace("\nname:", "\ntime_zona: UTC\nname:"));
    const folder = join(data, "data");
    const result = await runTask(["preprocess"], { CIVICSKY_DATA: folder, CIVICSKY_STUDY: study });
    assert.deepEqual([result.code, result.stdout], [2, ""]);
    assert.match(result.stderr, /^Cannot read .*study\.yaml: unknown key "time_zona"\n {2}Mend/);
    await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
  });
});

// Invariant 10
Deno.test("a flag beats the environment, and stdout is one JSON object", async () => {
  await withData(async (data) => {
    const env = { CIVICSKY_DATA: join(data, "environment"), CIVICSKY_STUDY: STUDY };
    const asked = await runTask(["status", "--json"], env);
    assert.equal(JSON.parse(asked.stdout).data, env.CIVICSKY_DATA);
    const flagged = await runTask(["status", "--json", "--data", join(data, "flag")], env);
    assert.equal(JSON.parse(flagged.stdout).data, join(data, "flag"));
    assert.deepEqual([asked.code, asked.stderr], [0, ""]);
    assert.equal(asked.stdout.trim().split("\n").length, 1);
  });
});

// Invariant 10
Deno.test("a task whose work is running already ends with 3, and the ledger says busy", async () => {
  await withRelay(async (data, relay) => {
    await using _lock = await lock(new DataPaths(data).locks(), "sync-firehose", "test");
    const { code, stdout, stderr } = await runTask(firehose(data, relay));
    assert.deepEqual([code, stdout], [3, ""]);
    assert.equal(
      stderr,
      "Cannot run sync:firehose: the same work is already running " +
        `(process ${Deno.pid} on ${Deno.hostname()})\n` +
        "  Wait until it is done, or end that process\n",
    );
    const [run] = await query(data, RUNS);
    assert.deepEqual([run!.status, run!.exit_status], ["busy", 3]);
  });
});

// Invariants 2 and 12
Deno.test("a damaged journal line ends with 1 and shows no text of a post and no key", async () => {
  await withRelay(async (data, relay) => {
    const folder = new DataPaths(data).journal("firehose");
    await Deno.mkdir(folder, { recursive: true });
    const text = "a private sentence";
    const path = join(folder, "20260601T000000000Z-127.0.0.1-0000-0001.jsonl");
    await Deno.writeTextFile(path, `{"posts":[{"text":"${text}"}\n{"host": "${text}\n`);
    const result = await runTask([...firehose(data, relay), "--limit", "1"]);
    assert.equal(result.code, 1);
    assert.match(result.stdout, /^Collected 1 posts/);
    assert.ok(result.stderr.includes(`Cannot land the journal ${path}: line 1 of it is damaged\n`));
    assert.ok((await Deno.stat(path)).size > 0, "the damaged segment stays");
    const ledger = JSON.stringify(await query(data, RUNS));
    const key = (await Deno.readTextFile(new DataPaths(data).hashKey())).trim();
    for (const secret of [text, key]) {
      for (const shown of [result.stdout, result.stderr, ledger]) {
        assert.ok(!shown.includes(secret), secret);
      }
    }
  });
});

// Invariant 10
Deno.test("a relay that is no URL and a time that no timer can count are usage errors", async () => {
  await withData(async (data) => {
    const env = { BLUESKY_RELAY: "relay1.us-east.bsky.network" };
    const relay = await runTask(["sync:firehose", "--data", data], env);
    assert.equal(relay.code, 2);
    assert.match(relay.stderr, /BLUESKY_RELAY: "relay1.* is not a URL that starts with wss:\/\//);
    const long = await runTask(["sync:firehose", "--hours", "600", "--data", data]);
    assert.equal(long.code, 2);
    assert.match(long.stderr, /--hours "600" is more than 500h/);
    const wrong: [string[], RegExp][] = [
      [["--minutes"], /: option '--minutes <n>' argument missing\n/],
      [["--minutes", "ten"], /: --minutes "ten" is not a number above zero\n/],
      [
        ["--hours", "1", "--for", "1h"],
        /'--hours <n>' cannot be used with option '--for <time>'\n/,
      ],
      [["--for", "1h", "--minutes", "60"], /'--minutes <n>' cannot be used with option '--for/],
      [["--hours", "1", "--minutes", "60"], /'--hours <n>' cannot be used with .*'--minutes <n>'/],
    ];
    for (const [args, message] of wrong) {
      const { code, stderr } = await runTask(["sync:firehose", "--data", data, ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
  });
});
