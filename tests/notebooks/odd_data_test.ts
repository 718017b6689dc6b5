/** What notebooks show where data is missing, failed or damaged. */
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { COLUMNS } from "../../classifiers/clients/comment_analyzer_attributes.ts";
import { labelTable } from "../../etl/labels/label_file.ts";
import { openDatabase } from "../../etl/store/duckdb.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { LABEL_SETS } from "../../etl/store/tables.ts";
import { runCells } from "../../notebooks/render/cell_run.ts";
import { readNotebook } from "../../notebooks/render/notebook.ts";
import { query, withData } from "../rows.ts";
import { writeRows } from "../table_file.ts";
import { ROOT } from "../task.ts";
import { picturesOf, renderIn } from "./rendering.ts";
import { fillStudyFolder } from "./folders/study_folder.ts";

const NAMES = [
  "01-overview",
  "02-political-content",
  "03-perspective-attributes",
  "05-explore",
] as const;
/** What labels say that did not fail, by classifier. */
const SAID = {
  dictionary: ["is_political"],
  perspective: ["prob_toxic", "prob_insult", "prob_respect", "prob_alienation"],
};

/** How many pictures a notebook shows, and what it says. */
type Expected = Record<typeof NAMES[number], [charts: number, ...said: RegExp[]]>;

Deno.test("odd data give honest charts or a clear message, never an empty picture", async (t) => {
  await withData(async (data) => {
    const study = await fillStudyFolder(data);
    await score(data);
    const days = (table: string) =>
      [...Deno.readDirSync(`${data}/${table}`)].map(({ name }) => name).sort();
    const remove = (path: string) => Deno.remove(`${data}/${path}`, { recursive: true });
    const check = async (expected: Expected) => {
      const shown = await runAll(data, study);
      for (const name of NAMES) {
        const { pictures, text } = shown.get(name)!;
        for (const svg of pictures) {
          assert.match(svg, /<(rect|path|circle)\b/);
          assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
        }
        assert.doesNotMatch(text, /NaN|undefined|Infinity/);
        const [charts, ...said] = expected[name];
        // Each is there wide and narrow.
        assert.equal(pictures.length / 2, charts, `charts of ${name}`);
        for (const words of said) assert.match(text, words);
      }
    };

    await t.step(
      "of a missing day and of classifiers that are half done, the days that they did",
      async () => {
        for (const classifier of Object.keys(SAID)) {
          for (const day of days(`labels/${classifier}`).slice(3)) {
            await remove(`labels/${classifier}/${day}`);
          }
        }
        await check({
          "01-overview": [
            1,
            /labels_dictionary \d+ 3 2026-06-01 2026-06-04/,
            /A day without a bar/,
          ],
          "02-political-content": [
            2,
            /2026-06-02 [\d.]+% \d \d 2026-06-04 [\d.]+% \d \d 2026-06-05 – 0 0/,
            /A day without labelled posts is a gap/,
            /Labelling is not finished\. The posts labelled so far/,
          ],
          "03-perspective-attributes": [
            5,
            /≥ 0\.9 2026-06-05 – 0 0/,
            /no scored post is labelled by the language/,
          ],
          "05-explore": [0, /perspective labelled \d+/],
        });
      },
    );

    await t.step("of one day, that day", async () => {
      for (const day of days("posts").slice(1)) await remove(`posts/${day}`);
      await check({
        "01-overview": [1, /n = \d+ on 1 day/],
        "02-political-content": [2, /\(UTC\), 2026-06-01\./],
        "03-perspective-attributes": [5, /\(UTC\), 2026-06-01\./],
        "05-explore": [0, /2026-06-01/],
      });
    });

    await t.step("where every label failed, that it did", async () => {
      for (const [classifier, columns] of Object.entries(SAID)) {
        for (const day of days(`labels/${classifier}`)) await fail(data, classifier, day, columns);
      }
      await check({
        "01-overview": [1, /2026-06-01/],
        "02-political-content": [0, /no post could be labelled/, /Labelling failed for all \d+/],
        "03-perspective-attributes": [0, /no post could be labelled/],
        "05-explore": [0, /dictionary empty \d+/],
      });
    });

    await t.step("without labels, that there are none yet", async () => {
      await remove("labels");
      await remove("label_sets");
      await check({
        "01-overview": [1, /There are no labels yet/],
        "02-political-content": [0, /there are no labels yet/, /No post is labelled by two/],
        "03-perspective-attributes": [0, /There are no scores yet/],
        "05-explore": [0, /No rows: kind, labelled, political/],
      });
    });

    await t.step("of a damaged file, an error that names it, and the pages of before", async () => {
      const [day] = days("posts");
      const [file] = [...Deno.readDirSync(`${data}/posts/${day}`)];
      const path = `${data}/posts/${day}/${file!.name}`;
      await Deno.truncate(path, 700);
      await Deno.mkdir(`${data}/reports`);
      const page = (name: string) => `${data}/reports/${name}.html`;
      for (const name of NAMES) await Deno.writeTextFile(page(name), "before");
      const { errors } = await renderIn(data, `${ROOT}notebooks`, { names: [...NAMES], study });
      assert.equal(errors!.length, NAMES.length);
      for (const [index, { message, remedy }] of errors!.entries()) {
        const said = `Cannot render ${NAMES[index]}: the file ${path} is damaged (`;
        assert.ok(message.startsWith(said), message);
        assert.match(remedy, /^Put back a copy/);
        assert.equal(await Deno.readTextFile(page(NAMES[index]!)), "before");
      }
    });
  });
});

/** Run all notebooks in one process, each cell as in its own, and give what each shows. */
async function runAll(
  data: string,
  study: string,
): Promise<Map<string, { pictures: string[]; text: string }>> {
  const notebooks = [];
  for (const name of NAMES) {
    const { cells, ...rest } = await readNotebook(`${ROOT}notebooks/${name}.ipynb`);
    const code = cells.filter(({ cell_type }) => cell_type === "code");
    notebooks.push({ name, cells: code, rest });
  }
  const all = { ...notebooks[0]!.rest, cells: notebooks.flatMap(({ cells }) => cells) };
  const outputs = await runCells(all, {
    name: "all",
    folder: new URL("notebooks/", pathToFileURL(ROOT)).href,
    data,
    study,
    limits: { ms: 120_000, memory: 4e9, output: 1e8 },
  });
  return new Map(notebooks.map(({ name, cells }) => {
    const html = outputs.splice(0, cells.length).flat().map((output) => {
      assert.ok("display" in output);
      return output.display["text/html"] ?? output.display["text/markdown"] ?? "";
    }).join(" ");
    const pictures = picturesOf(html);
    const text = [html, ...pictures].join(" ").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
    return [name, { pictures, text }];
  }));
}

/** Make every label of a day one that failed. */
async function fail(data: string, classifier: string, day: string, columns: string[]) {
  const [file] = [...Deno.readDirSync(`${data}/labels/${classifier}/${day}`)];
  const path = `${data}/labels/${classifier}/${day}/${file!.name}`;
  using database = await openDatabase(data);
  await database.run(
    `COPY (SELECT * EXCLUDE date REPLACE (false AS was_successfully_labeled, 'empty' AS reason,
       ${columns.map((name) => `if(false, ${name}, NULL) AS ${name}`).join(", ")})
     FROM read_parquet('${path}')) TO '${path}.new' (FORMAT parquet)`,
  );
  await Deno.rename(`${path}.new`, path);
}

/** Let Perspective score every other post. */
async function score(data: string): Promise<void> {
  const paths = new DataPaths(data);
  const posts = await query<{ day: string; uri: string; cid: string; text_hash: string }>(
    data,
    `SELECT date::VARCHAR AS day, uri, cid, text_hash
     FROM read_parquet('{data}/posts/*/*.parquet', hive_partitioning = true) ORDER BY uri`,
  );
  const scored = posts.filter((_, index) => index % 2 === 0).map((post, index) => ({
    ...post,
    label_set_id: "p",
    label_prob: 0.5,
    was_successfully_labeled: true,
    ...Object.fromEntries(SAID.perspective.map((name, at) => [name, (index * (at + 3) % 11) / 11])),
  }));
  for (const [day, rows] of Map.groupBy(scored, ({ day }) => day)) {
    await writeRows(labelTable(COLUMNS), rows, paths.labels("perspective", day));
  }
  const set = { label_set_id: "p", classifier: "perspective", is_shown: true };
  await writeRows(LABEL_SETS, [set], paths.labelSets("perspective"));
}
