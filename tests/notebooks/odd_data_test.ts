/** What a page says where data is missing, failed or damaged: an honest chart or a clear message. */
import assert from "node:assert/strict";
import { openDatabase } from "../../etl/store/duckdb.ts";
import { withData } from "../rows.ts";
import { ROOT } from "../task.ts";
import { picturesOf, readPage, renderIn } from "./rendering.ts";
import { fillStudyFolder } from "./study_folder.ts";

/** What stands in the place of a chart. */
const NO_CHART = /No post is labelled/;
const POLITICAL = { names: ["02-political-content"] };

Deno.test("a page of odd data has an honest chart or a clear message, never an empty picture", async (t) => {
  await withData(async (data) => {
    const study = await fillStudyFolder(data);
    const page = async () => {
      const outcome = await renderIn(data, `${ROOT}notebooks`, { ...POLITICAL, study });
      const { html } = await readPage(`${data}/reports/02-political-content`);
      const pictures = picturesOf(html);
      // Each is there wide and narrow.
      for (const svg of pictures) {
        assert.match(svg, /<(rect|path|circle)\b/);
        assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
      }
      const text = [html, ...pictures].join(" ").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
      return { errors: outcome.errors ?? [], html, text, charts: pictures.length / 2 };
    };
    const days = (table: string) =>
      [...Deno.readDirSync(`${data}/${table}`)].map(({ name }) => name).sort();
    const remove = (path: string) => Deno.remove(`${data}/${path}`, { recursive: true });
    const whole = await page();
    assert.deepEqual([whole.charts, whole.errors], [2, []]);

    await t.step("of a classifier that is half done, the days that it did", async () => {
      for (const day of days("labels/dictionary").slice(3)) {
        await remove(`labels/dictionary/${day}`);
      }
      const half = await page();
      assert.deepEqual([half.charts, half.errors], [2, []]);
      assert.notEqual(half.text, whole.text);
    });

    await t.step("where every label failed, that it did", async () => {
      for (const day of days("labels/dictionary")) {
        const [file] = [...Deno.readDirSync(`${data}/labels/dictionary/${day}`)];
        const path = `${data}/labels/dictionary/${day}/${file!.name}`;
        using database = await openDatabase(data);
        await database.run(
          `COPY (SELECT * EXCLUDE date REPLACE (false AS was_successfully_labeled,
             'empty' AS reason, NULL::BOOLEAN AS is_political) FROM read_parquet('${path}'))
           TO '${path}.new' (FORMAT parquet)`,
        );
        await Deno.rename(`${path}.new`, path);
      }
      const failed = await page();
      assert.deepEqual([failed.charts, failed.errors], [0, []]);
      assert.match(failed.text, NO_CHART);
    });

    await t.step("without labels, that there are none yet", async () => {
      await remove("labels");
      await remove("label_sets");
      const unlabelled = await page();
      assert.deepEqual([unlabelled.charts, unlabelled.errors], [0, []]);
      assert.match(unlabelled.text, NO_CHART);
    });

    await t.step("of one day, that day", async () => {
      for (const day of days("posts").slice(1)) await remove(`posts/${day}`);
      const one = await page();
      assert.deepEqual([one.charts, one.errors], [0, []]);
      assert.match(one.text, /Posts of 2026-06-01 to 2026-06-01 \(UTC\)\./);
    });

    await t.step("of a damaged file, an error that names it, and the page of before", async () => {
      const before = (await readPage(`${data}/reports/02-political-content`)).html;
      const [day] = days("posts");
      const [file] = [...Deno.readDirSync(`${data}/posts/${day}`)];
      await Deno.truncate(`${data}/posts/${day}/${file!.name}`, 700);
      const damaged = await page();
      assert.equal(damaged.errors.length, 1);
      const path = `${data}/posts/${day}/${file!.name}`;
      const said = `Cannot render 02-political-content: the file ${path} is damaged (`;
      assert.ok(damaged.errors[0]!.message.startsWith(said), damaged.errors[0]!.message);
      assert.match(damaged.errors[0]!.remedy, /^Put back a copy/);
      assert.equal(damaged.html, before);
    });
  });
});
