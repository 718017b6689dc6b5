import { type ColumnTable, from } from "arquero";
import type { Data } from "./data.ts";

/** Give what the data folder holds: a row a table, with its rows and its UTC days. */
export async function contents(data: Data): Promise<ColumnTable> {
  const counts = await data.sql`
    SELECT 'posts' AS view, count(*) AS n FROM posts
    UNION ALL SELECT 'label_sets', count(*) FROM label_sets
    UNION ALL SELECT 'labels_dictionary', count(*) FROM labels_dictionary
    UNION ALL SELECT 'labels_perspective', count(*) FROM labels_perspective
    UNION ALL SELECT 'labels_sociopolitical', count(*) FROM labels_sociopolitical
    UNION ALL SELECT 'labels_attributes', count(*) FROM labels_attributes
    UNION ALL SELECT 'labels_human', count(*) FROM labels_human
    UNION ALL SELECT 'aggregates', count(*) FROM aggregates
    UNION ALL SELECT 'coverage', count(*) FROM coverage
    UNION ALL SELECT 'windows', count(*) FROM windows
    UNION ALL SELECT 'runs', count(*) FROM runs`;
  const rows = new Map(
    (counts.objects() as { view: string; n: number }[]).map(({ view, n }) => [view, n]),
  );
  return from(data.tables.map(({ view, days }) => ({
    table: view,
    rows: rows.get(view) ?? 0,
    days: days.length,
    first: days[0],
    last: days.at(-1),
  })));
}
