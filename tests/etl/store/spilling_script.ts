/** Runs a query that spills, over and over until it is killed. */
import { openDatabase, row } from "../../../etl/store/duckdb.ts";

const [folder, query] = Deno.args as [string, string];
using database = await openDatabase(folder);
await database.run("SET memory_limit = '80MB'; SET threads = 1");
console.log("begins");
for (;;) await row(database, query);
