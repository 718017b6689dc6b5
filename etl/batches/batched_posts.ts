import { batchPaths, isUnderWay, type OpenBatch, openBatches } from "./open_batch.ts";
import { type LabelSet, labelSetId } from "../labels/label_set.ts";
import { type Database, literal } from "../store/duckdb.ts";
import { segmentLines } from "../store/journal.ts";
import type { DataPaths } from "../store/paths.ts";
import { labelledKeySql } from "../sampling/pending.ts";

/** Which post a request of a batch is about: a line of its file. */
export interface BatchedPost {
  /** Id of the request; random, and the only id that the service sees. */
  custom_id: string;
  /** The post's place in a request of several posts, from 0. */
  place?: number;
  /** The UTC day of the post's partition. */
  date: string;
  uri: string;
  cid: string | null;
  text_hash: string;
  /** sha256 of the whole request about the post. */
  request_hash: string;
  /** Another post of the day has the same text. */
  is_repeated: boolean;
  /** Label columns known at the time of the request. */
  about?: Record<string, unknown>;
}

/** Give the posts of a batch that are not removed. */
export async function* batchedPosts(
  paths: DataPaths,
  batch: OpenBatch,
): AsyncGenerator<BatchedPost> {
  const folder = paths.batches(batch.classifier, batch.label_set_id);
  try {
    for await (const line of segmentLines(batchPaths(folder, batch.name).posts)) {
      if (line !== "") yield JSON.parse(line) as BatchedPost;
    }
  } catch (error) {
    // All of them were removed.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Make a temporary table of the posts in open batches of a classifier's label set, as
 * `findPending` takes it. Gives its name, undefined where there are none.
 */
export async function collectBatched(
  database: Database,
  paths: DataPaths,
  { name, labelSet }: { name: string; labelSet: LabelSet },
): Promise<string | undefined> {
  const id = labelSetId(labelSet);
  const batches = openBatches(paths, name, id).filter(isUnderWay);
  const files: string[] = [];
  for (const batch of batches) {
    const { posts } = batchPaths(paths.batches(name, id), batch.name);
    // It is removed with the last of its posts.
    if ((await batchedPosts(paths, batch).next()).done !== true) files.push(posts);
  }
  if (files.length === 0) return undefined;
  await database.run(`CREATE OR REPLACE TEMP TABLE batched_posts AS
    SELECT DISTINCT date AS day, ${labelledKeySql("b")} AS key
    FROM read_json(${literal(files)}, format = 'newline_delimited',
      columns = {date: 'DATE', uri: 'VARCHAR', cid: 'VARCHAR', text_hash: 'VARCHAR'}) b`);
  return "batched_posts";
}
