/** `deno task test:kernel`: the notebooks in the real Deno kernel give what `render` gives. */
import assert from "node:assert/strict";
import { basename } from "node:path";
import { withOutputs } from "../../notebooks/render/notebook.ts";
import { notebookOf, runSources } from "../notebooks/cells.ts";
import { withData } from "../rows.ts";
import { ROOT, runTask } from "../task.ts";
import { Kernel } from "./kernel.ts";
import { outputsOf } from "./outputs.ts";

/** Of each notebook, at rest and again under load. */
const RUNS = 5;
const BUSY = 2;
const STUDY = `${ROOT}demo/study.yaml`;

/** What people do in notebooks that a module of its own could read otherwise. */
const LANGUAGE = [
  'import { md, show } from "./lib.ts";\nconst n = 1;\nconst read = () => n;\nawait show(read());',
  'const n = n + 1;\nconst { length } = "abc";\nawait show(`${n} ${read()} ${length}`);',
  'import { md, show } from "./lib.ts";\nconst length = 5;\nawait show(md`**${length}** ${n}`);',
  "function twice() { return 2 * n; }\nclass Row { value = 1; }\nawait show(twice());",
  "class Row { value: number = 2; }\nawait show(new Row().value);\nawait show([1, { a: null }]);",
  'import * as lib from "./lib.ts";\nimport type { Data } from "./lib.ts";\n' +
  "for (const n of [7]) await show(n);\nawait show(`${n} ${typeof lib.open}`);",
  "function twice() { return `${n}${n}`; }\nlet count = 1;\ncount++;\nawait show(twice() + count);",
  "let count: number = count + 1;\nawait show(count);",
];

Deno.test("notebooks give in the kernel what render gives, at rest and under load", async (t) => {
  await withData(async (folder) => {
    const kernel = await Kernel.install(`${folder}/kernel`);
    const data = `${folder}/demo`;
    const demo = await runTask(["demo", "--data", data]);
    assert.equal(demo.code, 0, demo.stderr);
    const env = { CIVICSKY_DATA: data, CIVICSKY_STUDY: STUDY };

    const compare = async (source: string, rendered: string, under: string) => {
      const expected = await outputsOf(rendered);
      const differ: string[] = [];
      for (let run = 1; run <= RUNS; run++) {
        const target = `${folder}/executed.ipynb`;
        await kernel.execute(source, `${ROOT}notebooks`, target, env);
        try {
          assert.deepEqual(await outputsOf(target), expected);
        } catch (error) {
          differ.push(`run ${run}: ${(error as Error).message}`);
        }
      }
      console.log(`${basename(source)} ${under}: ${RUNS - differ.length} of ${RUNS} runs the same`);
      assert.equal(differ.length, 0, differ.join("\n"));
    };

    const rendered = await runTask(["render", "--data", data, "--study", STUDY, "--json"]);
    assert.equal(rendered.code, 0, rendered.stderr);
    const files: string[] = JSON.parse(rendered.stdout).files;
    const pairs = files.filter((path) => path.endsWith(".ipynb"))
      .map((path) => [`${ROOT}notebooks/${basename(path)}`, path] as const);

    const language = [`${folder}/language.ipynb`, `${folder}/rendered.ipynb`] as const;
    const notebook = notebookOf(...LANGUAGE);
    await Deno.writeTextFile(language[0], withOutputs(notebook, []));
    await Deno.writeTextFile(language[1], withOutputs(notebook, await runSources(data, LANGUAGE)));
    const all = [...pairs, language];

    for (const [source, rendered] of all) {
      await t.step(`${basename(source)} at rest`, () => compare(source, rendered, "at rest"));
    }
    const busy = Array.from(
      { length: BUSY },
      () => new Deno.Command(Deno.execPath(), { args: ["eval", "for (;;) {}"] }).spawn(),
    );
    try {
      for (const [source, rendered] of all) {
        await t.step(
          `${basename(source)} under load`,
          () => compare(source, rendered, "under load"),
        );
      }
    } finally {
      for (const process of busy) process.kill("SIGKILL");
      await Promise.all(busy.map(({ status }) => status));
    }
  });
});
