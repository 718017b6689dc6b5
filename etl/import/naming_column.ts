import { csvRows, type CsvTable } from "./csv.ts";
import { readPostUri } from "./post_uri.ts";

/**
 * Give the one column by which a file names its posts, of those that may do so, in this order.
 *
 * It is the column that names most posts, the first of equals, for the whole file: where another column
 * took the place of a cell that cannot be read, a label would go to a post that is only linked to. A post
 * that is named by a handle counts, though it cannot be found.
 */
export async function namingColumn(
  path: string,
  table: CsvTable,
  columns: string[],
): Promise<string[]> {
  if (columns.length < 2) return columns;
  const named = columns.map(() => 0);
  for await (const { fields } of csvRows(path, table)) {
    if (fields === undefined) continue;
    for (const [index, column] of columns.entries()) {
      if (readPostUri(fields[column]!) !== "invalid_uri") named[index]!++;
    }
  }
  return [columns[named.indexOf(Math.max(...named))]!];
}
