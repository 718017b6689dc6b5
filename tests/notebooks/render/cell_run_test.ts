import assert from "node:assert/strict";
import { rawFolder, uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { runSources, textOf } from "../cells.ts";
import { fails } from "./failing_cell.ts";

Deno.test("cells print and show under themselves, and a const may be declared again", () =>
  withData(async (data) => {
    const outputs = await runSources(data, [
      'const n: number = 1;\nconsole.log("one", n);',
      "# A title",
      'import {\n  md,\n  show,\n} from "./lib.ts";\nconst n = 2;\nawait show(md`**${n}**`);',
      'import * as lib from "./lib.ts";\nconsole.error(n + 1, typeof lib.open); // the end',
      'import type { Data } from "./lib.ts";\nlet n: Data | number = 4; console.log(n);',
    ]);
    assert.deepEqual(Array.from(outputs, textOf), [
      "one 1\n",
      "",
      "**2**",
      "3 function\n",
      "4\n",
    ]);
  }));

Deno.test("a failing cell is named with its line and what was thrown", () =>
  withData(async (data) => {
    const sources = [
      'console.log("fine");',
      "# A title",
      "\nconst x = 1;\nthrow new Error(`no ${x}`);",
    ];
    await fails(data, sources, "Cannot render 01-test: code cell 2, line 3: Error: no 1");
  }));

Deno.test("the line of an error is the cell's also after imports of several lines", () =>
  withData(async (data) => {
    const cell =
      'import {\n  open,\n  show,\n} from "./lib.ts";\nconst missing = await open("/no/where");';
    const error = await fails(data, [cell], /^Cannot render 01-test: code cell 1.*: /);
    assert.match(error.message, /Cannot open the data: there is no folder \/no\/where|read access/);
    await fails(
      data,
      ['import {\n  open,\n} from "./lib.ts";\nnull.x;'],
      /code cell 1, line 4: TypeError/,
    );
  }));

Deno.test("a cell that is no TypeScript is named, whichever brace is missing", () =>
  withData(async (data) => {
    await fails(data, ["const a = 1;", "const b = 2;\nconst c = ;"], /code cell 2, line 2: /);
    await fails(data, ["const a = 1;", "if (a) {", "const b = 2;"], /code cell 2[,:]/);
    await fails(data, ["const a = 1;", "}", "const b = 2;"], /code cell 2[,:]/);
  }));

Deno.test("a name that is declared again is the same variable, as in the kernel", () =>
  withData(async (data) => {
    const outputs = await runSources(data, [
      "const n = 1;\nconst read = () => n;",
      "const n = n + 1;\nconsole.log(n, read());",
      "function read() { return 'new'; }\nconsole.log(read());",
    ]);
    assert.deepEqual(Array.from(outputs, textOf), ["", "2 2\n", "new\n"]);
    await fails(data, ["console.log(late);", "const late = 1;"], /code cell 1, line 1: .*late/);
  }));

Deno.test("a cell cannot reach the network", () =>
  withData(async (data) => {
    let requests = 0;
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => {
      requests++;
      return new Response("export default 1;", { headers: { "content-type": "text/javascript" } });
    });
    const url = `http://127.0.0.1:${server.addr.port}`;
    try {
      await fails(data, [`await fetch("${url}/");`], /code cell 1, line 1: NotCapable/);
      await fails(
        data,
        [`await Deno.connect({ hostname: "127.0.0.1", port: ${server.addr.port} });`],
        /code cell 1, line 1: NotCapable/,
      );
      await fails(data, [`const module = "${url}/x.js";\nawait import(module);`], /code cell 1/);
      // Deno lets a program import from these hosts unless it is told not to.
      await fails(
        data,
        ['const post = "secret";\nawait import(`https://esm.sh/${post}`);'],
        /code cell 1, line 2: .*--no-remote/,
      );
      assert.equal(requests, 0);
    } finally {
      await server.shutdown();
    }
  }));

Deno.test("a cell reads a CSV file that lies in the data folder, and cannot change it", () =>
  withData(async (data) => {
    await Deno.writeTextFile(`${data}/kept.csv`, "kept");
    const outputs = await runSources(data, [
      `const attempts = {
        write: () => Deno.writeTextFileSync(Deno.env.get("CIVICSKY_DATA") + "/kept.csv", "gone"),
        remove: () => Deno.removeSync(Deno.env.get("CIVICSKY_DATA") + "/kept.csv"),
      };
      for (const [name, attempt] of Object.entries(attempts)) {
        try {
          attempt();
          console.log(name, "done");
        } catch (error) {
          console.log(name, error.name);
        }
      }
      console.log(Deno.readTextFileSync(Deno.env.get("CIVICSKY_DATA") + "/kept.csv"));`,
    ]);
    assert.equal(
      textOf(outputs[0]),
      "write NotCapable\nremove NotCapable\nkept\n",
    );
  }));

Deno.test("a cell reads a folder that it may not write, whatever stands in the folder's path", () =>
  withData(async (parent) => {
    const data = `${parent}/Anna's data, "2026"`;
    const folder = await rawFolder(data);
    await folder.raw("firehose", "2026-06-01", "a", [
      { uri: uri("1"), cid: "c1", event_time: "2026-06-01 10:00:00" },
    ]);
    const { code, stderr } = await runTask(["preprocess", "--data", data]);
    assert.equal(code, 0, stderr);
    const outputs = await runSources(data, [
      'const data = Deno.env.get("CIVICSKY_DATA")!;',
      'import { open } from "./lib.ts";\nconst study = await open(data);',
      "console.log((await study.sql`SELECT count(*) AS n FROM posts`).objects());",
    ]);
    assert.equal(textOf(outputs[2]), "[ { n: 1 } ]\n");
    const rendered = await runTask(["render", "01-overview", "--data", data]);
    assert.equal(rendered.code, 0, rendered.stderr);
    await Deno.stat(`${data}/reports/01-overview.html`);
  }));
