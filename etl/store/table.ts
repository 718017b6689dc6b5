/** The schema of a table. A change of columns raises the version, which stands in each file's metadata. */
export interface Table {
  /** The folder under `data/`; `*` stands for the source or the classifier. */
  readonly folder: string;
  readonly version: number;
  /** DuckDB types by column, in the order of the file. */
  readonly columns: Readonly<Record<string, string>>;
  /** Rows of a row group, where the writer's own size (122,880) takes readers more memory than they have. */
  readonly rowsAGroup?: number;
}

/** Give a table with further columns after its own. */
export function withColumns(table: Table, columns: Record<string, string>): Table {
  return { ...table, columns: { ...table.columns, ...columns } };
}
