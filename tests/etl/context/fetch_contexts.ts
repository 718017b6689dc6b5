/** Fetches the contexts of all posts of a day in a process of its own, for tests that kill it. */
import { AppView } from "../../../etl/atproto/appview.ts";
import { PostContexts } from "../../../etl/context/post_context.ts";
import { type ContextRow } from "../../../etl/context/context_part.ts";
import { openDatabase, type Row, rows } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";

const [data, url, day] = Deno.args as [string, string, string];
const { signal } = new AbortController();
const paths = new DataPaths(data);
using database = await openDatabase(data);
const posts = `read_parquet('${paths.posts(day)}')`;
await database.run(`CREATE TEMP TABLE pending_posts AS SELECT hash(uri) AS post FROM ${posts}`);
const appView = new AppView(url, { signal, onWait() {} });
const contexts = new PostContexts({ database, paths, signal }, appView);
await contexts.prepare("pending_posts", day);
await contexts.complete(await rows<ContextRow & Row>(database, `FROM ${posts}`));
await contexts.close();
