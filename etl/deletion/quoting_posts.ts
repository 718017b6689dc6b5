import type { Context } from "../command/command.ts";
import { SHOWN_POSTS } from "../context/context_part.ts";
import type { Removals } from "../raw/removal.ts";
import { readableFiles, unlessDamaged } from "../store/damage.ts";
import { relation } from "../store/parquet.ts";
import { POSTS } from "../store/tables.ts";

/** What a search for posts that quote needs of a task's context. */
export type QuotingContext = Pick<Context, "database" | "paths" | "warn">;

/**
 * Fill the temporary table `quoting` (uri, kind): which of the posts in the temporary table `asked` (uri)
 * reply to a removed post or quote one, so that it was shown to a model with them.
 *
 * `kind` is that of the removed post in the context. Needs the tables `removed` and `finished`; posts
 * that have no row in `posts` are not found.
 */
export async function findQuotingPosts(
  { database, paths, warn }: QuotingContext,
  removals: Removals,
): Promise<void> {
  await database.run("CREATE OR REPLACE TEMP TABLE quoting (uri VARCHAR, kind VARCHAR)");
  const posts = paths.files("posts").map(({ path }) => path);
  const { whole } = await readableFiles(database, posts, "purge");
  const shown = SHOWN_POSTS.map(([kind, column]) => `{kind: '${kind}', uri: ${column}}`);
  const removed = (subject: string) => `${removals.removedAt(subject)} IS NOT NULL`;
  const damaged = await unlessDamaged(database, whole, "purge", async () => {
    await database.run(`INSERT INTO quoting
      SELECT DISTINCT uri, shown.kind FROM (
        SELECT uri, unnest([${shown.join(", ")}]) AS shown FROM ${relation(POSTS, whole)}
        WHERE uri IN (SELECT uri FROM asked))
      WHERE shown.uri IS NOT NULL AND shown.uri NOT IN (SELECT uri FROM finished)
        AND (${removed("shown.uri")}
          OR ${removed("regexp_extract(shown.uri, '^at://([^/]+)', 1)")})`);
  });
  if (damaged) {
    warn(
      `${damaged.message}; what models wrote about replies to removed posts is purged after that`,
    );
  }
}
