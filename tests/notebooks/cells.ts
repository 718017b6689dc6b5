/** Makes notebooks for tests and runs them as `deno task render` does. */
import { runCells } from "../../notebooks/render/cell_run.ts";
import type { CellLimits } from "../../notebooks/render/cell_process.ts";
import type { CellOutput, Notebook } from "../../notebooks/render/notebook.ts";
import { SHIPPED_STUDY } from "../shipped_study.ts";

const ROOT = new URL("../../", import.meta.url);

/** Give a notebook of code cells; one that begins with # is Markdown. */
export function notebookOf(...sources: string[]): Notebook {
  return {
    cells: sources.map((source, index) => ({
      cell_type: source.startsWith("#") ? "markdown" as const : "code" as const,
      id: `cell-${index}`,
      metadata: {},
      source,
    })),
    metadata: { kernelspec: { display_name: "Deno", language: "typescript", name: "deno" } },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

/** Run cells that import `./lib.ts` and give what each put out. */
export function runSources(
  data: string,
  sources: string[],
  limits: Partial<CellLimits> = {},
): Promise<CellOutput[][]> {
  return runCells(notebookOf(...sources), {
    name: "01-test",
    folder: new URL("notebooks/", ROOT).href,
    data,
    study: SHIPPED_STUDY,
    limits: { ms: 30_000, memory: 4e9, output: 1e8, ...limits },
  });
}

/** Put the text of what was printed and shown together. */
export function textOf(outputs: CellOutput[] | undefined): string {
  return (outputs ?? []).map((output) =>
    "stream" in output ? output.text : output.display["text/plain"] ?? ""
  ).join("");
}
