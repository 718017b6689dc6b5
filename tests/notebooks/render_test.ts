import assert from "node:assert/strict";
import { UserError } from "../../etl/run/error.ts";
import { type Context } from "../../etl/run/command.ts";
import { readStudy } from "../../etl/run/study.ts";
import { openDatabase } from "../../etl/store/duckdb.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { withOutputs } from "../../notebooks/notebook.ts";
import { render } from "../../notebooks/render.ts";
import { withData } from "../rows.ts";
import { ROOT, runTask } from "../task.ts";
import { notebookOf } from "./cells.ts";
import { fillStudyFolder, studyYaml } from "./study_folder.ts";

type Page = { html: string; notebook: ReturnType<typeof notebookOf> };

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
    const pictures = [...html.matchAll(/data:image\/svg\+xml;base64,([\w+/=]+)/g)]
      .map(([, text]) => new TextDecoder().decode(Uint8Array.fromBase64(text!)));

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
      "02-political-content": [/there are no labels yet/, /no labelled post in common/],
      "03-perspective-attributes": [/there are no labels yet/, /no scores yet/],
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
    await assert.rejects(renderIn(data, folder, ["03-none"]), (error) => {
      assert.ok(error instanceof UserError && error.exitCode === 2);
      return true;
    });
  }));

Deno.test("render exits 2 for a notebook that is not there and names those that are", () =>
  withData(async (data) => {
    const { code, stderr } = await runTask(["render", "99-nowhere", "--data", data]);
    assert.equal(code, 2);
    assert.match(stderr, /Cannot run render: there is no notebook "99-nowhere"\n {2}.*01-overview/);
  }));

async function renderIn(data: string, folder: string, names: string[] = []) {
  using database = await openDatabase(data);
  const context = {
    paths: new DataPaths(data),
    study: readStudy(`${ROOT}study.yaml`),
    studyPath: `${ROOT}study.yaml`,
    database,
    progress: { update() {} } as unknown as Context["progress"],
    signal: new AbortController().signal,
    runId: "test",
    warn() {},
  };
  return await render(context, names, folder);
}

async function readPage(path: string): Promise<Page> {
  return {
    html: await Deno.readTextFile(`${path}.html`),
    notebook: JSON.parse(await Deno.readTextFile(`${path}.ipynb`)),
  };
}

function isLines(value: unknown): boolean {
  return Array.isArray(value) &&
    value.every((line, index) =>
      typeof line === "string" && (index === value.length - 1 || line.endsWith("\n"))
    );
}
