import { fileURLToPath } from "node:url";

/** Where DuckDB-WASM lies, which a notebook must be able to read. */
export const ENGINE = fileURLToPath(import.meta.resolve("@duckdb/duckdb-wasm/dist/duckdb-eh.wasm"));
