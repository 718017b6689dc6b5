import assert from "node:assert/strict";
import { join } from "node:path";
import { type Outcome } from "../../../etl/command/command.ts";
import { EXIT, UserError } from "../../../etl/run/error.ts";
import { positiveInteger } from "../../../etl/run/option.ts";
import { query, withData } from "../../rows.ts";
import { command, DONE, run } from "./declared_command.ts";
const RUNS = "SELECT task, arguments, status, exit_status, summary, warnings, error, ended_at, " +
  "seconds FROM read_parquet('{data}/runs/*/*.parquet')";

function userError(exitCode?: 1 | 2 | 3): UserError {
  return new UserError("run sync:test", "it rains", "Wait", { exitCode });
}

// Invariant 10
Deno.test("the exit status and the ledger say how a run ended", async () => {
  const cases: [() => Promise<Outcome>, number, string, string | null][] = [
    [() => Promise.resolve(DONE), EXIT.done, "done", null],
    [() => Promise.resolve({ ...DONE, stopped: true }), EXIT.stopped, "stopped", null],
    [
      () => Promise.resolve({ ...DONE, stopped: true, errors: [userError(), userError()] }),
      EXIT.failed,
      "failed",
      "Cannot run sync:test: it rains",
    ],
    [() => Promise.reject(userError()), EXIT.failed, "failed", "Cannot run sync:test: it rains"],
    [() => Promise.reject(userError(2)), EXIT.usage, "failed", "Cannot run sync:test: it rains"],
    [() => Promise.reject(userError(3)), EXIT.busy, "busy", "Cannot run sync:test: it rains"],
    [() => Promise.reject(new TypeError("a\0bug")), EXIT.failed, "failed", "a\0bug"],
  ];
  for (const [work, exit, status, error] of cases) {
    await withData(async (data) => {
      const printed = await run(command(work), data, "--minutes", "5");
      assert.equal(printed.exit, exit);
      const [row, more] = await query(data, RUNS);
      assert.equal(more, undefined);
      assert.equal(row!.task, "sync:test");
      assert.deepEqual(JSON.parse(row!.arguments as string).slice(4), ["--minutes", "5"]);
      assert.deepEqual([row!.status, row!.exit_status, row!.error], [status, exit, error]);
      assert.notEqual(row!.ended_at, null);
      assert.ok(row!.seconds as number >= 0);
    });
  }
});

// Invariant 10
Deno.test("the row of a run is there while it goes on", async () => {
  await withData(async (data) => {
    let during: Record<string, unknown>[] = [];
    await run(
      command(async ({ runId }) => {
        during = await query(
          data,
          `SELECT run_id = '${runId}' AS mine, status, ended_at, pid
          FROM read_parquet('{data}/runs/*/*.parquet')`,
        );
        return DONE;
      }),
      data,
    );
    assert.deepEqual(during, [{ mine: true, status: "running", ended_at: null, pid: Deno.pid }]);
    assert.equal((await query(data, RUNS)).length, 1);
  });
});

Deno.test("stdout has the summary alone, progress and warnings go to stderr", async () => {
  await withData(async (data) => {
    const work = command((context) => {
      context.warn("a disk is nearly full");
      context.progress.say("half done");
      return Promise.resolve(DONE);
    });
    const told = await run(work, data);
    assert.equal(told.stdout, "Did 7\n");
    assert.equal(told.stderr, "warning: a disk is nearly full\nhalf done\n");
    const json = await run(work, data, "--json");
    assert.equal(json.stdout.trim().split("\n").length, 1);
    assert.deepEqual(JSON.parse(json.stdout), {
      posts: 7,
      warnings: ["a disk is nearly full"],
      status: "done",
    });
    for (const row of await query(data, RUNS)) {
      assert.equal(row.summary, '{"posts":7}');
      assert.deepEqual(row.warnings, ["a disk is nearly full"]);
    }
  });
});

Deno.test("what failed while the rest was done is on stderr, below a summary that says so", async () => {
  await withData(async (data) => {
    const work = command(() => Promise.resolve({ ...DONE, errors: [userError(), userError()] }));
    const { stdout, stderr } = await run(work, data, "--json");
    assert.equal(JSON.parse(stdout).status, "failed");
    assert.equal(stderr, "Cannot run sync:test: it rains\n  Wait\n".repeat(2));
  });
});

Deno.test("an expected error shows two lines and no stack, any other its stack", async () => {
  await withData(async (data) => {
    const expected = await run(command(() => Promise.reject(userError())), data);
    assert.deepEqual(expected, {
      exit: 1,
      stdout: "",
      stderr: "Cannot run sync:test: it rains\n  Wait\n",
    });
    const bug = await run(command(() => Promise.reject(new TypeError("no such thing"))), data);
    assert.match(bug.stderr, /^TypeError: no such thing\n\s+at .*command_test\.ts/);
    assert.equal(bug.stdout, "");
  });
});

// Invariant 10
Deno.test("wrong usage ends with 2 before anything runs, and says what is meant", async () => {
  const never = command(() => assert.fail("it ran"), {
    arguments: [{ name: "<file>", description: "" }],
  });
  const cases: [string[], RegExp][] = [
    [["a", "--minuts", "5"], /: unknown option '--minuts' \(Did you mean --minutes\?\)/],
    [["a", "--minutes", "0"], /: --minutes "0" is not a whole number above zero/],
    [["a", "--minutes"], /: option '--minutes <n>' argument missing/],
    [["a", "b"], /: too many arguments/],
    [[], /: missing required argument 'file'/],
  ];
  await withData(async (data) => {
    for (const [args, message] of cases) {
      const { exit, stdout, stderr } = await run(never, data, ...args);
      assert.equal(exit, EXIT.usage, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, /^Cannot run sync:test: [^\n]+\n {2}See deno task sync:test --help\n$/);
      assert.match(stderr, message);
    }
    assert.deepEqual([...Deno.readDirSync(data)], []);
  });
});

Deno.test("leading dashes that a shell habit passes on are left out", async () => {
  await withData(async (data) => {
    const work = command((_, options) => Promise.resolve({ summary: options, text: "" }));
    const { stdout } = await run(work, data, "--", "--minutes", "5", "--dry-run", "--json");
    assert.deepEqual(JSON.parse(stdout), {
      minutes: 5,
      dryRun: true,
      warnings: [],
      status: "done",
    });
  });
});

Deno.test("a task that only looks leaves nothing behind", async () => {
  await withData(async (data) => {
    const look = command(() => Promise.resolve(DONE), { ledger: false });
    assert.equal((await run(look, join(data, "missing"))).exit, EXIT.done);
    assert.deepEqual([...Deno.readDirSync(data)], []);
  });
});

Deno.test("an option of an earlier version is taken, not shown, and refused beside the one in its place", async () => {
  await withData(async (data) => {
    let seen: unknown;
    const work = command((_, options) => {
      seen = options.hours;
      return Promise.resolve(DONE);
    });
    const old = { notWith: ["minutes"] };
    work.options.push({ flags: "--hours <n>", description: "", parse: positiveInteger, old });
    for (const args of [["--hours", "2"], ["--hours=2"]]) {
      seen = undefined;
      assert.equal((await run(work, data, ...args)).exit, EXIT.done);
      assert.equal(seen, 2, args.join(" "));
    }
    assert.equal((await run(work, data, "--minutes", "120")).exit, EXIT.done);
    const wrong: [string[], RegExp][] = [
      [["--hours"], /: option '--hours <n>' argument missing\n/],
      [["--hours", "two"], /: --hours "two" is not a whole number above zero\n/],
      [["--minutes", "5", "--hours", "2"], /'--hours <n>' cannot be used with .*'--minutes <n>'\n/],
    ];
    for (const [args, message] of wrong) {
      const { exit, stderr } = await run(work, data, ...args);
      assert.equal(exit, EXIT.usage, stderr);
      assert.match(stderr, message);
    }
  });
});
