import {
  batchPaths,
  folderPaths,
  type OpenBatch,
  openBatches,
  sweepBatches,
} from "../batches/open_batch.ts";
import { removeIfThere } from "../store/if_there.ts";
import { purgeLines, whileIdle } from "./purge_lines.ts";
import { batchedPosts } from "../batches/batched_posts.ts";
import type { Removals } from "../raw/removal.ts";
import { literal, rows } from "../store/duckdb.ts";
import { findQuotingPosts, type QuotingContext } from "./quoting_posts.ts";
import { segmentLines } from "../store/journal.ts";

/**
 * Remove removed posts from batches under way, and from batches in a folder those that reply to one or
 * quote one, as its text stands in their requests; gives how many.
 *
 * Their requests are then unknown, so that no answer to them is kept. The server's copy of
 * them is deleted when the batch has landed. Batches of a label set are left to the next run while its
 * classifier is running.
 */
export async function purgeBatches(
  context: QuotingContext,
  removals: Removals,
  isRemoved: (uri: string) => boolean,
): Promise<number> {
  const { database, paths, warn } = context;
  let touched = 0;
  for (const classifier of paths.names("batches")) {
    for (const id of paths.names(`batches/${classifier}`)) {
      const folder = paths.batches(classifier, id);
      const isIdle = await whileIdle(paths, `classify-${id}`, async () => {
        const batches = openBatches(paths, classifier, id);
        await sweepBatches(paths, batches, folder);
        if (batches.length === 0) return;
        const finished = new Set(
          (await database.runAndReadAll("SELECT uri FROM finished")).getRows().map(String),
        );
        const isGone = (uri: string) => isRemoved(uri) && !finished.has(uri);
        for (const batch of batches) {
          const quoting = batch.folder === null
            ? new Set<string>()
            : await quotingPosts(context, removals, batch);
          const isShown = (uri: string) => isGone(uri) || quoting.has(uri);
          touched += await purgeBatch(folder, batch, isShown, warn);
        }
      });
      if (!isIdle) warn(`${classifier} is running: its batches are purged by the next preprocess`);
    }
  }
  return touched;
}

/** Give the posts of a batch that reply to a removed post or quote one. */
async function quotingPosts(
  context: QuotingContext,
  removals: Removals,
  batch: OpenBatch,
): Promise<Set<string>> {
  const { database, paths } = context;
  const uris = await Array.fromAsync(batchedPosts(paths, batch), ({ uri }) => uri);
  await database.run(
    `CREATE OR REPLACE TEMP TABLE asked AS SELECT unnest(${literal(uris)}::VARCHAR[]) AS uri`,
  );
  await findQuotingPosts(context, removals);
  const found = await rows<{ uri: string }>(database, "SELECT DISTINCT uri FROM quoting");
  return new Set(found.map(({ uri }) => uri));
}

async function purgeBatch(
  folder: string,
  batch: OpenBatch,
  isRemoved: (uri: string) => boolean,
  warn: (text: string) => void,
): Promise<number> {
  const { posts, requests } = batchPaths(folder, batch.name);
  const gone = await requestsAbout(posts, isRemoved);
  if (gone.size === 0) return 0;
  // Its writer has died, and the next run writes a new one.
  await removeIfThere(requests);
  // Texts first: while the line of a post exists, the next run finds the rest.
  if (batch.folder !== null) {
    for (const path of Object.values(folderPaths(batch.folder, batch.name))) {
      try {
        await purgeLines(path, (request) => gone.has(request), requestOf);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        if (path.endsWith(".out.jsonl")) continue;
        warn(`${path} is not there: purge copies of it by hand`);
      }
    }
  }
  return await purgeLines(posts, isRemoved);
}

/** Give the ids of the requests about removed posts. */
async function requestsAbout(
  path: string,
  isRemoved: (uri: string) => boolean,
): Promise<Set<string>> {
  const found = new Set<string>();
  try {
    for await (const line of segmentLines(path)) {
      const { custom_id, uri } = JSON.parse(line || "{}") as { custom_id?: string; uri?: string };
      if (custom_id && uri && isRemoved(uri)) found.add(custom_id);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found;
}

function requestOf(line: string): string | undefined {
  return /"custom_id": ?"([^"]+)"/.exec(line)?.[1];
}
