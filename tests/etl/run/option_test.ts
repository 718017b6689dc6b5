import assert from "node:assert/strict";
import {
  baseUrl,
  day,
  instant,
  positiveInteger,
  positiveNumber,
  runTime,
} from "../../../etl/run/option.ts";
import { loadCommand, TASKS } from "../../../main.ts";
import { withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import "../../common_environment.ts";

function refuses(parse: (text: string) => unknown, texts: string[], message: RegExp): void {
  for (const text of texts) {
    assert.throws(
      () => parse(text),
      (error) => error instanceof RangeError && message.test(error.message),
      text,
    );
  }
}

Deno.test("a whole number is above zero and nothing but digits", () => {
  assert.equal(positiveInteger("1000"), 1000);
  const wrong = ["0", "-1", "1.5", "1e3", "", " 1", "x", "99999999999999999999"];
  refuses(positiveInteger, wrong, /^is not a whole number above zero$/);
});

Deno.test("a number is above zero and in decimals", () => {
  assert.equal(positiveNumber("0.5"), 0.5);
  assert.equal(positiveNumber("20"), 20);
  refuses(
    positiveNumber,
    ["0", "0.0", "-1", "1e3", "", ".5", "Infinity"],
    /^is not a number above/,
  );
});

Deno.test("an instant is in UTC unless it says otherwise", () => {
  const cases = {
    "2026-06-01": "2026-06-01T00:00:00.000Z",
    "2026-06-01T18:00": "2026-06-01T18:00:00.000Z",
    "2026-06-01T18:00:00.5": "2026-06-01T18:00:00.500Z",
    "2026-06-01T18:00:00Z": "2026-06-01T18:00:00.000Z",
    "2026-06-01T18:00-05:00": "2026-06-01T23:00:00.000Z",
  };
  for (const [text, expected] of Object.entries(cases)) {
    assert.equal(instant(text).toISOString(), expected);
  }
  const wrong = ["", "tomorrow", "2026-6-1", "2026-13-01", "2026-02-30T00:00:00Z", "2026", "18:00"];
  refuses(instant, wrong, /^is not an instant such as/);
});

Deno.test("a day is one of the calendar", () => {
  assert.equal(day("2028-02-29"), "2028-02-29");
  refuses(
    day,
    ["2026-02-29", "2026-2-1", "2026-06-01T00:00:00Z", "", "June"],
    /^is not a day such/,
  );
});

Deno.test("a base URL has one of the protocols and loses its last slash", () => {
  const parse = baseUrl("wss:", "ws:");
  assert.equal(parse("wss://bsky.network/"), "wss://bsky.network");
  assert.equal(parse("ws://127.0.0.1:2583"), "ws://127.0.0.1:2583");
  refuses(
    parse,
    ["https://bsky.network", "bsky.network", ""],
    /^is not a URL that starts with wss:\/\/ or ws:\/\/$/,
  );
});

Deno.test("how long a run may last is read in hours, minutes and seconds, up to 500 hours", () => {
  const read: [string, number][] = [
    ["4h", 14_400_000],
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["0.5s", 500],
    ["500h", 1_800_000_000],
  ];
  for (const [text, ms] of read) assert.equal(runTime(text), ms, text);
  for (const text of ["", "4", "h", "4 h", "-4h", "4d", "1.h", "501h", "0m", "h4"]) {
    assert.throws(() => runTime(text), RangeError, text);
  }
});

Deno.test("every task with a first and a last day refuses a last one that is before the first, and takes the same", () =>
  withData(async (data) => {
    const tasks = Object.values(TASKS).flatMap((group) => Object.keys(group));
    let asked = 0;
    for (const task of tasks) {
      const flags = (await loadCommand(task))!.options.map(({ flags }) => flags);
      if (!flags.includes("--since <day>")) continue;
      asked++;
      const run = (since: string, until: string) =>
        runTask([task, "--data", data, "--since", since, "--until", until]);
      const { code, stdout, stderr } = await run("2026-06-07", "2026-06-01");
      assert.deepEqual([code, stdout], [2, ""], task);
      assert.equal(
        stderr,
        `Cannot run ${task}: --until 2026-06-01 is before --since, 2026-06-07\n` +
          "  Name the first day as since and the last as until\n",
      );
      assert.doesNotMatch((await run("2026-06-07", "2026-06-07")).stderr, /is before/);
    }
    assert.ok(asked >= 5, `${asked}`);
  }));
