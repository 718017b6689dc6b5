import { type ColumnTable, fromArrow, table } from "arquero";

/**
 * Give an Arrow stream as an Arquero table.
 *
 * Dates and timestamps become `Date`, lists arrays, maps `Map`, and 64-bit integers numbers where
 * the whole column fits (2^53), else `bigint`.
 */
export function toTable(stream: Uint8Array): ColumnTable {
  const arrow = fromArrow(stream, { useBigInt: true, useMap: true });
  return table(
    arrow.columnNames().map((name): [string, unknown[]] => [name, column(arrow, name)]),
  );
}

function column(arrow: ColumnTable, name: string): unknown[] {
  const values = Array.from(arrow.array(name) as ArrayLike<unknown>);
  if (values.some((value) => ArrayBuffer.isView(value) && !(value instanceof Uint8Array))) {
    return values.map((value) =>
      ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<unknown>) : value
    );
  }
  return numbersWhereTheyFit(values);
}

/** Give 64-bit integers as numbers where all of them fit. */
export function numbersWhereTheyFit(values: unknown[]): unknown[] {
  const fits = values.every((value) =>
    typeof value !== "bigint" || Number.isSafeInteger(Number(value))
  );
  return fits ? values.map((value) => typeof value === "bigint" ? Number(value) : value) : values;
}
