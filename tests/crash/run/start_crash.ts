/** Every task as a process, under the permissions of its line. */
import assert from "node:assert/strict";
import { loadCommand, TASKS } from "../../../main.ts";
import { taskProcess } from "../../task.ts";

/** The tasks that are ours. */
const OURS = Object.values(TASKS).flatMap((group) => Object.keys(group));

// The house rule: every task has --help with an example
Deno.test("each task starts under its line of deno.json, and its help shows its options and an example", async () => {
  for (const name of OURS) {
    const command = (await loadCommand(name))!;
    const output = await taskProcess([name, "--help"]).output();
    const [stdout, stderr] = [output.stdout, output.stderr].map((it) =>
      new TextDecoder().decode(it)
    );
    assert.deepEqual([output.code, stderr], [0, ""], name);
    assert.ok(stdout!.startsWith(`Usage: deno task ${name} `), name);
    // The demo has a study of its own.
    const options = name === "demo"
      ? /--data <dir>[^]*--json/
      : /--data <dir>[^]*--study <file>[^]*--json/;
    assert.match(stdout!, options, name);
    assert.ok(stdout!.includes(`\nExamples:\n  deno task ${name}`), name);
    const lines = new Set(stdout!.split("\n"));
    for (const said of command.description.split("\n")) {
      assert.ok(lines.has(said), `${name}: ${said}`);
    }
    assert.doesNotMatch(stdout!, /undefined|\[object/);
  }
});
