import assert from "node:assert/strict";
import { UserError } from "../../etl/run/error.ts";
import { withOutputs } from "../../notebooks/render/notebook.ts";
import { withData } from "../rows.ts";
import { runTask } from "../task.ts";
import { notebookOf } from "./cells.ts";
import { picturesOf, readPage, renderIn } from "./rendering.ts";
import { fillStudyFolder, studyYaml } from "./folders/study_folder.ts";

Deno.test("the overview is a page that needs nothing else and a notebook with outputs", async (t) => {
  await withData(async (data) => {
    const study = await fillStudyFolder(data);
    await Deno.writeTextFile(study, studyYaml("America/New_York"));
    const { code, stdout, stderr } = await runTask(
      ["render", "01-overview", "--data", data, "--study", study, "--json"],
      { CIVICSKY_CLOCK: "2026-06-11T08:30:00Z" },
    );
    assert.equal(code, 0, stderr);
    const reports = `${data}/reports/01-overview`;
    assert.deepEqual(JSON.parse(stdout).files, [`${reports}.html`, `${reports}.ipynb`]);
    const { html, notebook } = await readPage(reports);
    const pictures = picturesOf(html);

    await t.step("the page and its pictures refer to nothing outside of it", () => {
      assert.equal(pictures.length, 2);
      for (const text of [html, ...pictures]) {
        assert.doesNotMatch(text, /\b(src|href|srcset|data|action)\s*=\s*["']?\s*(https?:|\/\/)/i);
        assert.doesNotMatch(text, /url\(|@import|<script|<iframe|<link|<object|\son\w+\s*=/i);
      }
      assert.match(html, /http-equiv="Content-Security-Policy" content="default-src 'none';/);
    });

    await t.step("the page has a title, the notice, the study and texts for its pictures", () => {
      assert.match(html, /<html lang="en">/);
      assert.match(html, /<title>Overview – Rivers &#38; &#34;senates&#34;<\/title>/);
      assert.match(html, /role="note">Invented posts &#60;b&#62;only&#60;\/b&#62;\.<\/div>/);
      assert.equal(html.split('alt="').length - 1, 1);
      assert.doesNotMatch(html, /<img(?![^>]*alt="[^"]{30,}")/);
      assert.match(html, /Posts of 2026-06-01 to 2026-06-\d\d \(UTC\)\./);
      assert.match(html, /Labels: dictionary us_politics, label set [0-9a-f]{16}\./);
      assert.match(html, /on 2026-06-11 08:30 UTC/);
      assert.match(pictures.join(" ").replace(/<[^>]*>/g, " "), /America\/New_York/);
    });

    await t.step("the notebook has the shape of format 4.5", () => {
      assert.deepEqual([notebook.nbformat, notebook.nbformat_minor], [4, 5]);
      let count = 0;
      for (const cell of notebook.cells) {
        assert.match(cell.id, /^[a-zA-Z0-9_-]{1,64}$/);
        assert.ok(isLines(cell.source) && typeof cell.metadata === "object");
        const keys = Object.keys(cell).sort();
        if (cell.cell_type !== "code") {
          assert.deepEqual(keys, ["cell_type", "id", "metadata", "source"]);
          continue;
        }
        assert.deepEqual(keys, [
          "cell_type",
          "execution_count",
          "id",
          "metadata",
          "outputs",
          "source",
        ]);
        assert.equal(cell.execution_count, ++count);
        for (const output of cell.outputs as Record<string, unknown>[]) {
          assert.deepEqual(Object.keys(output).sort(), ["data", "metadata", "output_type"]);
          assert.equal(output.output_type, "display_data");
          assert.ok(Object.values(output.data as object).every(isLines));
        }
      }
      const shown = notebook.cells.filter((cell) => (cell.outputs as unknown[])?.length === 1);
      assert.deepEqual(shown.map(({ id }) => id), [
        "contents",
        "coverage",
        "posts",
        "languages",
        "filters",
        "labels",
      ]);
    });
  });
});

Deno.test("a folder with nothing, or with nothing labelled, is told in words and not in pictures", () =>
  withData(async (data) => {
    const nothing = await runTask(["render", "--data", data]);
    assert.equal(nothing.code, 0, nothing.stderr);
    const told = {
      "01-overview": [/<strong>There are no posts yet.<\/strong>/, /no stream has collected/],
      "02-political-content": [/there are no labels yet/, /No post is labelled by two/],
      "03-perspective-attributes": [/<strong>There are no scores yet/],
      "05-explore": [/No rows: /],
    };
    for (const [name, words] of Object.entries(told)) {
      const { html } = await readPage(`${data}/reports/${name}`);
      for (const said of words) assert.match(html, said);
      const withoutCode = html.replace(/<details>.*?<\/details>/gs, "");
      assert.doesNotMatch(withoutCode, /<picture|<img|NaN|Infinity|undefined/);
    }
  }));

Deno.test("a notebook that fails is an error, keeps the page of before and stops no other", () =>
  withData(async (data) => {
    const folder = `${data}/notebooks`;
    await Deno.mkdir(folder);
    const write = (name: string, ...cells: string[]) =>
      Deno.writeTextFile(`${folder}/${name}.ipynb`, withOutputs(notebookOf(...cells), []));
    await write("01-first", "# First", 'console.log("first run");');
    await write("02-second", "# Second", 'console.log("second");');
    await renderIn(data, folder);
    const before = await readPage(`${data}/reports/01-first`);
    assert.match(before.html, /first run/);

    await write("01-first", "# First", 'console.log("never seen");', "throw new Error('broken');");
    await write("02-second", "# Second", 'console.log("second again");');
    const { errors, summary } = await renderIn(data, folder);
    assert.deepEqual(errors!.map(({ message }) => message), [
      "Cannot render 01-first: code cell 2, line 1: Error: broken",
    ]);
    assert.equal((summary as { failed: number }).failed, 1);
    assert.deepEqual(await readPage(`${data}/reports/01-first`), before);
    assert.match((await readPage(`${data}/reports/02-second`)).html, /second again/);
    const names = [...Deno.readDirSync(`${data}/reports`)].map(({ name }) => name).sort();
    assert.deepEqual(names, [
      "01-first.html",
      "01-first.ipynb",
      "02-second.html",
      "02-second.ipynb",
    ]);
    await Deno.writeTextFile(`${folder}/01-first.ipynb`, "{}");
    const unreadable = await renderIn(data, folder);
    assert.match(unreadable.errors![0]!.message, /it is not a notebook of format 4\.5/);
    await assert.rejects(renderIn(data, folder, { names: ["03-none"] }), (error) => {
      assert.ok(error instanceof UserError && error.exitCode === 2);
      return true;
    });
  }));

Deno.test("the footer names the contents of data, code and notebook, and nothing else", () =>
  withData(async (data) => {
    const folder = `${data}/notebooks`;
    await Deno.mkdir(folder);
    const lines = async (source: string) => {
      await Deno.writeTextFile(
        `${folder}/01-first.ipynb`,
        withOutputs(notebookOf("# First", source), []),
      );
      await renderIn(data, folder);
      const { html } = await readPage(`${data}/reports/01-first`);
      const found = /Data: (sha256 \w{16}) of (\d+) files?\. Code and study: (sha256 \w{16})/.exec(
        html,
      );
      return {
        data: found![1],
        files: Number(found![2]),
        notebook: /ipynb \((\w+ \w{16})/.exec(html)![1],
      };
    };
    const first = await lines("1;");
    assert.equal(first.files, 0);
    await Deno.mkdir(`${data}/posts/date=2026-06-01`, { recursive: true });
    await Deno.mkdir(`${data}/runs/date=2026-06-01`, { recursive: true });
    const file = `${data}/posts/date=2026-06-01/posts.parquet`;
    await Deno.writeTextFile(file, "one");
    const second = await lines("1;");
    assert.deepEqual([second.files, second.notebook], [1, first.notebook]);
    await Deno.writeTextFile(`${data}/runs/date=2026-06-01/run.parquet`, "a run");
    const third = await lines("2;");
    assert.equal(third.data, second.data);
    await Deno.writeTextFile(file, "two");
    const fourth = await lines("2;");
    assert.equal(new Set([first.data, second.data, fourth.data]).size, 3);
    assert.deepEqual([third.notebook === first.notebook, fourth.notebook], [false, third.notebook]);
  }));

Deno.test("parameters of the first cell are given from outside, and say so", () =>
  withData(async (data) => {
    const folder = `${data}/notebooks`;
    await Deno.mkdir(folder);
    const write = (name: string, ...cells: string[]) =>
      Deno.writeTextFile(`${folder}/${name}.ipynb`, withOutputs(notebookOf(...cells), []));
    await write(
      "01-first",
      "# First",
      'import type { IsoDay } from "./lib.ts";\n' +
        "const since: IsoDay | undefined = undefined; // the first day\n" +
        "const until: IsoDay | undefined = undefined;\n" +
        "const threshold = 0.7;\nconst data = Deno.env.get('CIVICSKY_DATA');",
      "console.log(since, threshold);",
    );
    await write("02-second", "const other = 1;");
    const { errors, warnings } = await renderIn(data, folder, { given: { since: "2026-06-01" } });
    assert.deepEqual([errors, warnings], [[], [
      "02-second has no parameter since and is made without it",
    ]]);
    const { html, notebook } = await readPage(`${data}/reports/01-first`);
    assert.match(html, /<pre>2026-06-01 0\.7\n<\/pre>/);
    assert.match(html, /Parameters that were set: since = 2026-06-01\./);
    assert.equal(
      (notebook.cells[1]!.source as unknown as string[])[1],
      'const since: IsoDay | undefined = "2026-06-01"; // the first day\n',
    );
    const wrong = async (given: Record<string, string>, message: string) =>
      await assert.rejects(renderIn(data, folder, { given }), (error) => {
        assert.ok(error instanceof UserError && error.exitCode === 2);
        assert.equal(error.message, `Cannot run render: ${message}`);
        return true;
      });
    await wrong(
      { since: "2026-06-05", until: "2026-06-02" },
      "--set until: 2026-06-02 is before since, 2026-06-05",
    );
    await wrong({ since: "June" }, '--set since: "June" is not a day such as 2026-06-01');
    await wrong({ sinse: "2026-06-01" }, 'there is no parameter "sinse"');
    await wrong({ data: "/elsewhere" }, 'there is no parameter "data"');
  }));

Deno.test("render exits 2 for a parameter that is not there and names those that are", () =>
  withData(async (data) => {
    const { code, stderr } = await runTask(
      ["render", "--data", data, "--set", "a=1", "--set", "nothing=2"],
    );
    assert.equal(code, 2);
    assert.match(stderr, /there is no parameter "a"\n {2}The parameters are 01-overview: /);
    const twice = await runTask(["render", "--data", data, "--set", "a=1", "--set", "a=2"]);
    assert.match(twice.stderr, /--set "a=2" is given twice/);
  }));

Deno.test("render exits 2 for a notebook that is not there and names those that are", () =>
  withData(async (data) => {
    const { code, stderr } = await runTask(["render", "99-nowhere", "--data", data]);
    assert.equal(code, 2);
    assert.match(stderr, /Cannot run render: there is no notebook "99-nowhere"\n {2}.*01-overview/);
  }));

function isLines(value: unknown): boolean {
  return Array.isArray(value) &&
    value.every((line, index) =>
      typeof line === "string" && (index === value.length - 1 || line.endsWith("\n"))
    );
}
