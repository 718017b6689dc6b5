/** Writes the same Parquet file over and over until it is killed; says the number of each version. */
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { writeParquet } from "../../../etl/store/parquet.ts";
import { NUMBERS } from "./numbers.ts";

const [folder, path, first] = Deno.args as [string, string, string];
using database = await openDatabase(folder);
for (let version = Number(first);; version++) {
  const query = `SELECT ${version} AS version, range AS number FROM range(20000)`;
  await writeParquet(database, NUMBERS, query, path);
  Deno.stdout.writeSync(new TextEncoder().encode(`${version}\n`));
}
