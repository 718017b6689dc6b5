import { type Database, literal, rows } from "../store/duckdb.ts";
import { markdownTable } from "../export/markdown_table.ts";
import { relation } from "../store/parquet.ts";
import { RUNS } from "../store/tables.ts";
import { number } from "./statement_text.ts";

/** What the runs of a task set aside for a reason: messages, single ops, records, items or rows. */
export interface SetAside {
  task: string;
  reason: string;
  count: number;
}

/**
 * Sum up what runs set aside, by task and reason, from files of the ledger.
 *
 * From the ledger and not from the quarantine: there a line goes when its author deletes the post. What
 * the asking run and runs without an end set aside is not in it.
 */
export async function setAside(
  database: Database,
  files: string[],
  runId: string,
): Promise<SetAside[]> {
  const found = await rows<{ task: string; counts: string; runs: number }>(
    database,
    `SELECT task, json_extract(summary, '$.set_aside')::VARCHAR AS counts, count(*) AS runs
     FROM ${relation(RUNS, files)}
     WHERE run_id <> ${literal(runId)} AND json_valid(summary) AND counts NOT IN ('{}', 'null')
     GROUP BY ALL ORDER BY ALL`,
  );
  const sums = new Map<string, SetAside>();
  for (const { task, counts, runs } of found) {
    for (const [reason, count] of Object.entries(JSON.parse(counts) as Record<string, unknown>)) {
      if (typeof count !== "number") continue;
      const sum = sums.get(`${task} ${reason}`) ?? { task, reason, count: 0 };
      sums.set(`${task} ${reason}`, { ...sum, count: sum.count + count * runs });
    }
  }
  return [...sums.values()].sort((a, b) =>
    `${a.task} ${a.reason}` < `${b.task} ${b.reason}` ? -1 : 1
  );
}

/** Give the lines of a data statement about what was set aside. */
export function setAsideLines(found: SetAside[]): string[] {
  if (found.length === 0) return [];
  return [
    "",
    ...markdownTable([
      ["task", "why something of what came is no row", "set aside"],
      ...found.map(({ task, reason, count }) => [task, reason, number(count)]),
    ]),
    "",
    "What each reason means stands in `data/README.md`. A post may be counted again where it came again.",
  ];
}
