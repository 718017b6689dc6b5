import { type ColumnTable, table } from "arquero";
import { type Database, openDatabase } from "../../etl/store/duckdb.ts";
import { bound, type Parameter } from "./duckdb.ts";
import { numbersWhereTheyFit } from "./arrow.ts";

/** A connection to native DuckDB, with the interface of the one to DuckDB-WASM. */
export class NativeConnection {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** Start it; what exceeds its memory spills to the data folder, so that it must be writable. */
  static async connect(root: string): Promise<NativeConnection> {
    return new NativeConnection(await openDatabase(root));
  }

  /** Run a statement that gives no rows. */
  async run(sql: string, parameters: Parameter[] = []): Promise<void> {
    await this.#database.run(sql, parameters.map(bound) as (string | number | boolean | null)[]);
  }

  /** Give the rows of a query; `parameters` stand for `?` in it. */
  async query(sql: string, parameters: Parameter[]): Promise<ColumnTable> {
    const values = parameters.map(bound) as (string | number | boolean | null)[];
    const reader = await this.#database.runAndReadAll(sql, values);
    const columns = reader.getColumnsJS() as unknown[][];
    return table(
      reader.deduplicatedColumnNames().map((name, index): [string, unknown[]] => [
        name,
        numbersWhereTheyFit(
          (columns[index] ?? []).map(
            withMaps,
            String(reader.columnTypes()[index]).startsWith("MAP"),
          ),
        ),
      ]),
    );
  }
}

function withMaps(this: unknown, value: unknown): unknown {
  if (!this || !Array.isArray(value)) return value;
  return new Map(value.map(({ key, value }) => [key, value]));
}
