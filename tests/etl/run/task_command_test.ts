/** Tasks are started whatever a user wrote into `deno.json`, as far as Deno takes it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { withData } from "../../rows.ts";
import { ROOT } from "../../task.ts";

Deno.test("deno.json may hold comments, commas at an end, variables and tasks that are a string", () =>
  withData(async (folder) => {
    await Deno.mkdir(join(folder, "etl/run"), { recursive: true });
    await Deno.copyFile(
      join(ROOT, "etl/run/task_command.ts"),
      join(folder, "etl/run/task_command.ts"),
    );
    const own = `{ // of a user, who says "so"
      "tasks": { /* mine */ "say": "deno eval console.log(Deno.args)",
        "with": "A=1 B=2 deno eval console.log(Deno.env.get('A')+Deno.env.get('B'))", "echo": "echo 7",
        "url": { "description": "// is no comment, ]", "command": "deno eval console.log(1)", },
      },
    }`;
    await Deno.writeTextFile(join(folder, "deno.json"), own);
    const { readTasks, taskCommand } = await import(`file://${folder}/etl/run/task_command.ts`);
    assert.deepEqual(readTasks(), {
      say: { command: "deno eval console.log(Deno.args)" },
      with: { command: "A=1 B=2 deno eval console.log(Deno.env.get('A')+Deno.env.get('B'))" },
      echo: { command: "echo 7" },
      url: { description: "// is no comment, ]", command: "deno eval console.log(1)" },
    });
    const said = async (task: string[], options = {}) => {
      const run = await taskCommand(task, { stdout: "piped", ...options }).output();
      return [run.code, new TextDecoder().decode(run.stdout)];
    };
    assert.deepEqual(await said(["say", "a"]), [0, '[ "a" ]\n']);
    assert.deepEqual(await said(["with"], { env: { B: "3" } }), [0, "13\n"]);
    assert.deepEqual(await said(["echo"]), [0, "7\n"]);
    const missing = await taskCommand(["none"], { stdout: "null", stderr: "piped" }).output();
    assert.equal(missing.code, 1);
    assert.match(new TextDecoder().decode(missing.stderr), /Task not found: none/);
  }));
