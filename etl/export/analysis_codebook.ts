import type { AnalysisColumn } from "./analysis_column.ts";
import { markdownTable } from "./markdown_table.ts";
import { type Database, literal, row, rows } from "../store/duckdb.ts";

/** A column with more categories than this names only some. */
const MOST_CATEGORIES = 20;

/** Lines of the codebook about the analysis file as a whole. */
export interface CodebookHead {
  title: string;
  lines: string[];
  /** A table of the label sets: its head, then a row each. */
  labelSets: string[][];
}

/** Write the codebook of an analysis file as Markdown: every column with meaning, unit, values, source. */
export async function codebookOf(
  database: Database,
  parquet: string,
  columns: AnalysisColumn[],
  head: CodebookHead,
): Promise<string> {
  const lines: string[][] = [["column", "meaning", "unit", "values", "empty in", "source"]];
  for (const column of columns) {
    const { empty, values } = await valuesOf(database, parquet, column);
    const { name, meaning, unit, source } = column;
    lines.push([`\`${name}\``, meaning, unit, values, String(empty), `\`${source}\``]);
  }
  return [
    `# ${head.title}`,
    "",
    ...head.lines.map((line) => `- ${line}`),
    "",
    "## Label sets",
    "",
    ...markdownTable(head.labelSets),
    "",
    "## Columns",
    "",
    "In the CSV file an empty value is unknown or was not asked; yes and no are 1 and 0, lists have",
    "semicolons between, and numbers by category and categories by variable are JSON.",
    "",
    ...markdownTable(lines),
    "",
  ].join("\n");
}

async function valuesOf(
  database: Database,
  parquet: string,
  { name, type, unit }: AnalysisColumn,
): Promise<{ empty: number; values: string }> {
  const from = `FROM read_parquet(${literal(parquet)}, hive_partitioning = false)`;
  const column = `"${name}"`;
  const { empty } = await row<{ empty: number }>(
    database,
    `SELECT count(*) FILTER (${column} IS NULL) AS empty ${from}`,
  );
  const isNumber = /^(DOUBLE|INTEGER|BIGINT|DATE)$/.test(type);
  if (isNumber) {
    const { low, high } = await row<{ low: string | null; high: string | null }>(
      database,
      `SELECT min(${column})::VARCHAR AS low, max(${column})::VARCHAR AS high ${from}`,
    );
    return { empty, values: low === null ? "none" : low === high ? low : `${low} to ${high}` };
  }
  if (type === "BOOLEAN") {
    const { yes, no } = await row<{ yes: number; no: number }>(
      database,
      `SELECT count(*) FILTER (${column}) AS yes, count(*) FILTER (NOT ${column}) AS no ${from}`,
    );
    return { empty, values: `0: ${no}, 1: ${yes}` };
  }
  if (unit !== "category") return { empty, values: "" };
  const found = await rows<{ value: string; n: number }>(
    database,
    `SELECT ${column} AS value, count(*) AS n ${from} WHERE ${column} IS NOT NULL GROUP BY value
     ORDER BY n DESC, value LIMIT ${MOST_CATEGORIES + 1}`,
  );
  if (found.length > MOST_CATEGORIES) {
    const { different } = await row<{ different: number }>(
      database,
      `SELECT count(DISTINCT ${column}) AS different ${from}`,
    );
    return { empty, values: `${different} different ones` };
  }
  return { empty, values: found.map(({ value, n }) => `${value}: ${n}`).join(", ") };
}
