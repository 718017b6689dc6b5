/** What cells put out, as it can be compared between programs that write it down differently. */

interface StoredOutput {
  output_type: string;
  name?: string;
  text?: string | string[];
  data?: Record<string, string | string[]>;
}

/** What a cell put out: each thing displayed, in order, and all that it printed. */
export interface CellOutputs {
  cell: string;
  displayed: Record<string, string>[];
  stdout: string;
  stderr: string;
}

/** Read the outputs of the code cells of a notebook file. */
export async function outputsOf(path: string): Promise<CellOutputs[]> {
  const { cells } = JSON.parse(await Deno.readTextFile(path));
  return cells.filter((cell: { cell_type: string }) => cell.cell_type === "code")
    .map(({ id, outputs }: { id: string; outputs: StoredOutput[] }) => {
      // How what is printed is cut into pieces, and how it falls between what is displayed, differs.
      const printed = (name: string) =>
        outputs.filter((output) => output.name === name).map(({ text }) => joined(text)).join("");
      return {
        cell: id,
        displayed: outputs.filter(({ data }) => data !== undefined)
          .map(({ data }) =>
            Object.fromEntries(
              Object.entries(data!).map(([type, text]) => [type, joined(text)]).sort(),
            )
          ),
        stdout: printed("stdout"),
        stderr: printed("stderr"),
      };
    });
}

function joined(text: string | string[] | undefined): string {
  return Array.isArray(text) ? text.join("") : text ?? "";
}
