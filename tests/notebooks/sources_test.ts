import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readNotebook } from "../../notebooks/render/notebook.ts";

const FOLDER = fileURLToPath(new URL("../../notebooks/", import.meta.url));

Deno.test("notebooks are kept without outputs and show what they show with show alone", async () => {
  const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
    .filter((name) => name.endsWith(".ipynb"));
  assert.ok(names.length > 0);
  for (const name of names) {
    assert.match(name, /^\d\d-[a-z-]+\.ipynb$/);
    const { cells } = await readNotebook(`${FOLDER}${name}`);
    for (const cell of cells) {
      if (cell.cell_type !== "code") continue;
      const where = `${name}, ${cell.id}`;
      assert.deepEqual([cell.outputs, cell.execution_count], [[], null], where);
      // The kernel may lose what is shown otherwise, and DuckDB-WASM breaks on a document.
      assert.doesNotMatch(cell.source, /\bconsole\.|\bdocument\b/, where);
      const last = cell.source.trim().split(/\n(?=[^\s)\]}])/).at(-1)!;
      assert.match(
        last,
        /^(await (?:show|study\.keep)\(|if \(.+\) (?:\{[^]*?)?await show\(|(const|let|function|class|import|type|interface)\b)/,
        where,
      );
    }
    assert.equal(new Set(cells.map(({ id }) => id)).size, cells.length, `${name} repeats an id`);
  }
});
