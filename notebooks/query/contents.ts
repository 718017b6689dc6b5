import { type ColumnTable, from } from "arquero";
import type { Data } from "./data.ts";
import { identifier } from "./identifier.ts";

/** Give what the opened data folder holds: a row a table, with its rows and its UTC days. */
export async function contents(data: Data): Promise<ColumnTable> {
  const rows = new Map<string, number>();
  for (const { view } of data.tables) {
    const counted = await data.sql`SELECT count(*) AS n FROM ${identifier(view)}`;
    rows.set(view, counted.get("n", 0) as number);
  }
  return from(data.tables.map(({ view, days }) => ({
    table: view,
    rows: rows.get(view),
    days: days.length,
    first: days[0],
    last: days.at(-1),
  })));
}
