/** Completes contexts as a run of the labelling engine does. */
import assert from "node:assert/strict";
import { AppView } from "../../../etl/atproto/appview.ts";
import { type PostContext, PostContexts } from "../../../etl/context/post_context.ts";
import { type ContextPart, type ContextRow } from "../../../etl/context/context_part.ts";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { POSTS } from "../../../etl/store/tables.ts";
import { rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { type CountingAppView, startCountingAppView } from "./counting_appview.ts";

export const DAY = "2026-06-09";
export const OTHER = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
export const { signal: NEVER } = new AbortController();

export async function withAppView(use: (appView: CountingAppView, data: string) => Promise<void>) {
  const appView = startCountingAppView();
  try {
    await withData((data) => use(appView, data));
  } finally {
    await appView.close();
  }
}

/** A row of `posts`, pending. */
export function post(rkey: string, content: Partial<ContextRow> = {}): ContextRow {
  return {
    uri: uri(rkey),
    reply_root_uri: null,
    reply_parent_uri: null,
    quoted_uri: null,
    external_title: null,
    external_description: null,
    external_url: null,
    image_alts: [],
    self_labels: [],
    ...content,
  };
}

export interface Labelling {
  contexts: PostContexts;
  /** Complete the contexts of all posts. */
  all(): Promise<Map<string, PostContext>>;
}

/** Do with contexts as a run of the labelling engine does. */
export async function labelling<T>(
  data: string,
  posts: ContextRow[],
  url: string | AppView | undefined,
  use: (run: Labelling) => Promise<T>,
): Promise<T> {
  const { paths } = await rawFolder(data);
  await writeRows(POSTS, posts as never, paths.posts(DAY));
  using database = await openDatabase(data);
  await database.run(`CREATE TEMP TABLE pending_posts AS
    SELECT hash(uri) AS post FROM read_parquet('${paths.posts(DAY)}')`);
  const appView = typeof url === "string" ? new AppView(url, { signal: NEVER, onWait() {} }) : url;
  const contexts = new PostContexts({ database, paths, signal: NEVER }, appView);
  await contexts.prepare("pending_posts", DAY);
  const result = await use({ contexts, all: () => contexts.complete(posts) });
  await contexts.close();
  return result;
}

export async function completed(data: string, posts: ContextRow[], url?: string | AppView) {
  return await labelling(data, posts, url, async ({ all, contexts }) => {
    const found = await all();
    assert.deepEqual(contexts.errors, []);
    return found;
  });
}

export function parts(contexts: Map<string, PostContext>, rkey: string): ContextPart[] {
  return contexts.get(uri(rkey))!.parts;
}

export function fetched(data: string) {
  return query(
    data,
    `SELECT status, uri, text, did FROM read_parquet('{data}/raw/context/*/*.parquet')
     ORDER BY status, uri`,
  );
}

/** Give the one segment in the journal of contexts, undefined where there is none. */
export function journal(data: string): string | undefined {
  const folder = `${data}/journal/context`;
  const [name] = [...Deno.readDirSync(folder)].map(({ name }) => name);
  return name && `${folder}/${name}`;
}
