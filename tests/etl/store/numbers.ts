import type { Table } from "../../../etl/store/tables.ts";

/** A small table for the tests of what writes and reads tables. */
export const NUMBERS: Table = {
  folder: "numbers",
  version: 7,
  columns: { version: "BIGINT", number: "BIGINT" },
};
