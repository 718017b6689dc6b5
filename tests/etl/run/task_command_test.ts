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
      "tasks": { /* mine */ "say": "deno run say.js",
        "with": "A=1 B=2=3 deno run -A say.js", "echo": "echo deno run say.js",
        "quoted": "A='b c' deno run -A say.js", "pair": "deno run say.js && echo two",
        "url": { "description": "// is no comment, ]", "command": "deno run  -A say.js", },
      },
    }`;
    await Deno.writeTextFile(join(folder, "deno.json"), own);
    await Deno.writeTextFile(
      join(folder, "say.js"),
      `const { state } = await Deno.permissions.query({ name: "env" });
       const variables = state === "granted" ? [Deno.env.get("A"), Deno.env.get("B")] : [];
       console.log(Deno.args.concat(variables).join(" "));`,
    );
    const { readTasks, taskCommand } = await import(`file://${folder}/etl/run/task_command.ts`);
    assert.deepEqual(readTasks(), {
      say: { command: "deno run say.js" },
      with: { command: "A=1 B=2=3 deno run -A say.js" },
      echo: { command: "echo deno run say.js" },
      quoted: { command: "A='b c' deno run -A say.js" },
      pair: { command: "deno run say.js && echo two" },
      url: { description: "// is no comment, ]", command: "deno run  -A say.js" },
    });
    const said = async (task: string[], options = {}) => {
      const run = await taskCommand(task, { stdout: "piped", ...options }).output();
      return [run.code, new TextDecoder().decode(run.stdout)];
    };
    assert.deepEqual(await said(["say", "a b"]), [0, "a b\n"]);
    assert.deepEqual(await said(["with", "a"]), [0, "a 1 2=3\n"]);
    assert.deepEqual(await said(["with"], { env: { B: "3" } }), [0, "1 3\n"]);
    assert.deepEqual(await said(["echo"]), [0, "deno run say.js\n"]);
    assert.deepEqual(await said(["quoted"]), [0, "b c \n"]);
    assert.deepEqual(await said(["pair"]), [0, "\ntwo\n"]);
    const missing = await taskCommand(["none"], { stdout: "null", stderr: "piped" }).output();
    assert.equal(missing.code, 1);
    assert.match(new TextDecoder().decode(missing.stderr), /Task not found: none/);
  }));
