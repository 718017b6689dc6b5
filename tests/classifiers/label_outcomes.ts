import { query } from "../rows.ts";

/** Count the label rows of a classifier by their reason; labels stand under `labelled`. */
export async function labelOutcomes(
  data: string,
  classifier: string,
): Promise<Record<string, number>> {
  const rows = await query<{ outcome: string; n: number }>(
    data,
    `SELECT coalesce(reason, 'labelled') AS outcome, count(*) AS n FROM read_parquet(
       '{data}/labels/${classifier}/*/*.parquet')
     GROUP BY ALL ORDER BY ALL`,
  );
  return Object.fromEntries(rows.map(({ outcome, n }) => [outcome, n]));
}
