import { z } from "zod";
import { describeError, UserError } from "../../etl/run/error.ts";
import type { Output } from "./show.ts";

const Source = z.union([z.string(), z.array(z.string()).transform((lines) => lines.join(""))]);

const Cell = z.looseObject({
  cell_type: z.enum(["markdown", "code", "raw"]),
  id: z.string(),
  source: Source,
});

const Notebook = z.looseObject({
  cells: z.array(Cell),
  metadata: z.looseObject({}),
  nbformat: z.literal(4),
  nbformat_minor: z.int().min(5),
});

/** A cell of a notebook. */
export type Cell = z.infer<typeof Cell>;
/** A notebook of format 4.5; the source of a cell is one text. */
export type Notebook = z.infer<typeof Notebook>;

/** What a cell put out: something displayed, or text that it printed. */
export type CellOutput = { display: Output } | { stream: "stdout" | "stderr"; text: string };

/** Read a notebook. Throws a `UserError` where the file is not one of format 4.5. */
export async function readNotebook(path: string): Promise<Notebook> {
  try {
    return Notebook.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (cause) {
    if (!(cause instanceof SyntaxError) && !(cause instanceof z.ZodError)) throw cause;
    throw new UserError(
      `read ${path}`,
      `it is not a notebook of format 4.5 (${describeError(cause).slice(0, 200)})`,
      "Open it in Jupyter and save it again, or restore it from git",
      { cause },
    );
  }
}

/** Give the text of the notebook file with what its code cells put out, by their place. */
export function withOutputs(notebook: Notebook, outputs: CellOutput[][]): string {
  let count = 0;
  const cells = notebook.cells.map((cell, index) => {
    const source = lines(cell.source);
    if (cell.cell_type !== "code") return { ...cell, source };
    return {
      ...cell,
      execution_count: ++count,
      outputs: (outputs[index] ?? []).map(nbformatOutput),
      source,
    };
  });
  return `${JSON.stringify({ ...notebook, cells }, null, 1)}\n`;
}

function nbformatOutput(output: CellOutput) {
  if ("stream" in output) {
    return { name: output.stream, output_type: "stream", text: lines(output.text) };
  }
  const data = Object.entries(output.display).map(([type, text]) => [type, lines(text)]);
  return { data: Object.fromEntries(data), metadata: {}, output_type: "display_data" };
}

function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
