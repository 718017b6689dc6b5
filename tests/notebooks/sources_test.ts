import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readNotebook } from "../../notebooks/render/notebook.ts";
import "../common_environment.ts";

const FOLDER = fileURLToPath(new URL("../../notebooks/", import.meta.url));
/** Beside them lie those of the user. */
const SHIPPED = [
  "01-overview.ipynb",
  "02-political-content.ipynb",
  "03-perspective-attributes.ipynb",
  "05-explore.ipynb",
];

Deno.test("notebooks are kept without outputs and show what they show with show alone", async () => {
  const tracked = await trackedNotebooks();
  if (tracked !== undefined) assert.deepEqual(tracked, SHIPPED);
  for (const name of SHIPPED) {
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

/** Give the notebooks that git knows; undefined where this folder came without git. */
async function trackedNotebooks(): Promise<string[] | undefined> {
  try {
    const git = new Deno.Command("git", { args: ["ls-files", "*.ipynb"], cwd: FOLDER });
    const { success, stdout } = await git.output();
    const names = new TextDecoder().decode(stdout).split("\n").filter(Boolean);
    return success && names.length > 0 ? names : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
