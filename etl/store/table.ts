/** The schema of a table. A change of columns raises the version, which stands in each file's metadata. */
export interface Table {
  /** The folder under `data/`; `*` stands for the source or the classifier. */
  readonly folder: string;
  readonly version: number;
  /** DuckDB types by column, in the order of the file. */
  readonly columns: Readonly<Record<string, string>>;
}

/** Give a table with further columns after its own. */
export function withColumns(table: Table, columns: Record<string, string>): Table {
  return { ...table, columns: { ...table.columns, ...columns } };
}
