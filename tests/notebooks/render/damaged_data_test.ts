import assert from "node:assert/strict";
import { DataPaths } from "../../../etl/store/paths.ts";
import { COVERAGE } from "../../../etl/store/tables.ts";
import { garble } from "../../garbled.ts";
import { withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { notebookOf } from "../cells.ts";
import { fillStudyFolder } from "../folders/study_folder.ts";
import { renderIn } from "../rendering.ts";

const LIB = new URL("../../../notebooks/lib.ts", import.meta.url).href;

Deno.test("a page over a file with a damaged middle fails with the name of the file, not of the cell", async (t) => {
  await withData(async (data) => {
    const study = await fillStudyFolder(data);
    const minutes = Array.from({ length: 600 }, (_, minute) => ({
      source: "firehose",
      minute: new Date(Date.parse("2026-06-01") + minute * 60_000),
      events: (minute * 7919) % 1013,
    }));
    await writeRows(COVERAGE, minutes, new DataPaths(data).coveragePart("2026-06-01", "a"));
    const folder = await notebookFolder(data, {
      "01-posts": "await sql`SELECT max(hash(p)) AS h FROM posts p`;",
      "02-labels": "await sql`SELECT max(hash(l)) FROM labels_dictionary l`;",
      "03-coverage": "await sql`SELECT max(hash(c)) FROM coverage c`;",
      "04-arithmetic": "undefinedName + 1;",
      "05-query": "await sql`SELECT no_such_column FROM posts`;",
    });
    const said = async (name: string) => {
      const { errors } = await renderIn(data, folder, { names: [name], study });
      return errors!.map(({ message, remedy }) => `${message}\n${remedy}`).join("\n");
    };
    const tables = {
      "01-posts": "posts",
      "02-labels": "labels/dictionary",
      "03-coverage": "coverage",
    };
    for (const [name, table] of Object.entries(tables)) {
      await t.step(`of ${table}`, async () => {
        const path = firstFile(`${data}/${table}`);
        const whole = await Deno.readFile(path);
        await garble(path);
        const text = await said(name);
        assert.ok(text.startsWith(`Cannot render ${name}: the file ${path} is damaged (`), text);
        assert.match(text, /\nPut back a copy/);
        if (table === "coverage") {
          assert.match(await said("04-arithmetic"), /: code cell 1, line 3: .*undefinedName/);
          assert.match(await said("05-query"), /: code cell 1, line 3: .*no_such_column/);
        }
        await Deno.writeFile(path, whole);
      });
    }
  });
});

/** Write notebooks of one cell each; gives their folder. */
async function notebookFolder(data: string, cells: Record<string, string>): Promise<string> {
  const folder = `${data}/notebooks`;
  await Deno.mkdir(folder);
  for (const [name, source] of Object.entries(cells)) {
    const opened = `import { open } from ${JSON.stringify(LIB)};\nconst { sql } = await open(${
      JSON.stringify(data)
    });\n`;
    const notebook = notebookOf(opened + source);
    await Deno.writeTextFile(`${folder}/${name}.ipynb`, JSON.stringify(notebook));
  }
  return folder;
}

function firstFile(folder: string): string {
  const [day] = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const [file] = [...Deno.readDirSync(`${folder}/${day}`)].map(({ name }) => name).sort();
  return `${folder}/${day}/${file}`;
}
