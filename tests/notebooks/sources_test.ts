import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readNotebook } from "../../notebooks/notebook.ts";

const FOLDER = fileURLToPath(new URL("../../notebooks/", import.meta.url));

Deno.test("notebooks are kept without outputs and end each shown value with show", async () => {
  const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
    .filter((name) => name.endsWith(".ipynb"));
  assert.ok(names.length > 0);
  for (const name of names) {
    assert.match(name, /^\d\d-[a-z-]+\.ipynb$/);
    const { cells } = await readNotebook(`${FOLDER}${name}`);
    for (const cell of cells) {
      if (cell.cell_type !== "code") continue;
      assert.deepEqual([cell.outputs, cell.execution_count], [[], null], `${name}, ${cell.id}`);
    }
    assert.equal(new Set(cells.map(({ id }) => id)).size, cells.length, `${name} repeats an id`);
  }
});
