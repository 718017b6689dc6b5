import { mergeDeclarations } from "./declaration.ts";
import type { Cell } from "./notebook.ts";

/** The code cells of a notebook as one module. */
export interface CellModule {
  text: string;
  /** For each code cell, its place in the notebook and the line of the module before its first. */
  cells: { index: number; before: number; lines: number }[];
}

/**
 * Put all code cells into one TypeScript module.
 *
 * A cell sees what came before and may declare a name again, as in the kernel. Imports become dynamic
 * ones, which are run in their turn; relative specifiers are resolved against `folder`, a file URL
 * that ends in a slash. `channel` is the URL of `output_channel.ts`. Lines of cells stay lines of the
 * module.
 */
export function cellModule(cells: Cell[], folder: string, channel: string): CellModule {
  const lines = [`import { beginCell, endCells } from ${JSON.stringify(channel)};`];
  const placed: CellModule["cells"] = [];
  const code = [...cells.entries()].filter(([, cell]) => cell.cell_type === "code");
  const sources = mergeDeclarations(
    code.map(([, cell]) => withoutStaticImports(cell.source, folder)),
  );
  code.forEach(([index], place) => {
    lines.push(`;beginCell(${index});`);
    const source = sources[place]!.split("\n");
    placed.push({ index, before: lines.length, lines: source.length });
    lines.push(...source);
  });
  lines.push(";endCells();", "");
  return { text: lines.join("\n"), cells: placed };
}

/** Give the cell and its line for a line of the module, both counted from one as people do. */
export function cellLine(
  module: CellModule,
  line: number,
): { cell: number; line: number } | undefined {
  const index = module.cells.findIndex(({ before, lines }) =>
    line > before && line <= before + lines
  );
  const cell = module.cells[index];
  return cell && { cell: index + 1, line: line - cell.before };
}

const IMPORT = /^[ \t]*import\s+(?:([^'"();]+?)\s+from\s+)?(["'])([^"'\n]+)\2[ \t]*;?/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*(["'])(\.[^"'\n]*)\1/g;

function withoutStaticImports(source: string, folder: string): string {
  return source
    .replace(
      DYNAMIC_IMPORT,
      (_, quote, path) => `import(${quote}${new URL(path, folder).href}${quote}`,
    )
    .replace(IMPORT, (statement, clause: string | undefined, _, path: string) => {
      const url = path.startsWith(".") ? new URL(path, folder).href : path;
      const loaded = `await import(${JSON.stringify(url)});`;
      // What the statement took up stays taken up, so that the lines after it keep their number.
      const rest = "\n".repeat(statement.split("\n").length - 1);
      if (clause === undefined) return loaded + rest;
      if (/^type\s/.test(clause)) return rest;
      return `${bindings(clause, loaded)}${rest}`;
    });
}

/** Write an import clause such as `a, { b as c, type D }` as declarations. */
function bindings(clause: string, loaded: string): string {
  const [, first, named] = /^([\w$*\s]*?)\s*,?\s*(?:\{([^}]*)\})?$/.exec(clause.trim()) ?? [];
  const names = (named ?? "").split(",").map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "))
    .map((name) => name.replace(/\s+as\s+/, ": "));
  const star = /\*\s*as\s+([\w$]+)/.exec(clause)?.[1];
  if (star !== undefined) return `const ${star} = ${loaded}`;
  if (first) names.unshift(`default: ${first}`);
  return `const { ${names.join(", ")} } = ${loaded}`;
}
