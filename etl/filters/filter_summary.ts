import type { ConfiguredFilter } from "./load_filters.ts";
import { type Database, literal, row } from "../store/duckdb.ts";

/** Flags of filters among the posts of some days. */
export interface FilterSummary {
  posts: number;
  passed_filters: number;
  /** By filter: posts that it flags, that it alone flags, that others flag too. */
  filters: Record<string, { flagged: number; alone: number; with_others: number }>;
}

/** Count from files of posts the flags of each filter, alone and together with others. */
export async function countFlags(
  database: Database,
  filters: Pick<ConfiguredFilter, "name" | "column">[],
  files: string[],
): Promise<FilterSummary> {
  if (files.length === 0) {
    const none = { flagged: 0, alone: 0, with_others: 0 };
    const counts = Object.fromEntries(filters.map(({ name }) => [name, { ...none }]));
    return { posts: 0, passed_filters: 0, filters: counts };
  }
  const how_many = filters.map(({ column }) => `${column}::INTEGER`).join(" + ") || "0";
  const columns = filters.flatMap(({ name, column }) => [
    `count(*) FILTER (${column}) AS "${name}"`,
    `count(*) FILTER (${column} AND how_many = 1) AS "${name} alone"`,
  ]);
  const counts = await row<Record<string, number>>(
    database,
    `SELECT ${
      ["count(*) AS posts", "count(*) FILTER (how_many = 0) AS passed", ...columns].join(", ")
    } FROM (SELECT *, ${how_many} AS how_many
       FROM read_parquet(${literal(files)}, hive_partitioning = false))`,
  );
  return {
    posts: counts.posts!,
    passed_filters: counts.passed!,
    filters: Object.fromEntries(filters.map(({ name }) => {
      const [flagged, alone] = [counts[name]!, counts[`${name} alone`]!];
      return [name, { flagged, alone, with_others: flagged - alone }];
    })),
  };
}

/** Give the lines of a table for people: a filter a line, then all of them. */
export function filterTable(
  { posts, passed_filters, filters }: FilterSummary,
  configured: ConfiguredFilter[],
): string[] {
  const line = (cells: [string, unknown, unknown, unknown, string]) => {
    const [name, ...rest] = cells;
    const width = Math.max(...configured.map(({ name }) => name.length), "any filter".length);
    const numbers = rest.slice(0, 3).map((cell) => String(cell).padStart(9)).join("");
    return `  ${name.padEnd(width)}${numbers}  ${rest[3]}`.trimEnd();
  };
  const any = posts - passed_filters;
  const alone = Object.values(filters).reduce((sum, { alone }) => sum + alone, 0);
  return [
    line(["filter", "flagged", "alone", "together", ""]),
    ...configured.map(({ name, description }) => {
      const { flagged, alone, with_others } = filters[name]!;
      return line([name, flagged, alone, with_others, description]);
    }),
    line(["any filter", any, alone, any - alone, ""]),
  ];
}
