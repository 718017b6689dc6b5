import type { Data } from "../query/data.ts";
import { identifier } from "../query/identifier.ts";

/** Give the `prob_…` or `score_…` columns of a view, in its order. */
export async function attributeColumns(data: Data, view: string): Promise<string[]> {
  const table = await data.sql`SELECT COLUMNS('^(prob|score)_') FROM ${identifier(view)} LIMIT 0`;
  return table.columnNames();
}

/**
 * Give the column of an attribute, such as `prob_severe_toxic` of “severe toxic”.
 *
 * Throws a `RangeError` with the attributes that there are where it is none of them.
 */
export async function attributeColumn(
  data: Data,
  view: string,
  attribute: string,
): Promise<string> {
  const columns = await attributeColumns(data, view);
  const name = (column: string) => column.replace(/^(prob|score)_/, "");
  const found = columns.find((column) => name(column) === attribute.replaceAll(" ", "_"));
  if (found !== undefined) return found;
  throw new RangeError(
    `There is no attribute ${JSON.stringify(attribute)}. The attributes are ${
      columns.map(name).join(", ")
    }`,
  );
}
