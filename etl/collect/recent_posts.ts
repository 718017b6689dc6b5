import { type Database, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { holdFiles } from "../store/reading.ts";
import { RAW } from "../store/tables.ts";

/** How long a post is remembered, in the time of the stream: longer than hosts lie apart. */
const GENERATION_MS = 10 * 60_000;

/**
 * Remembers the newest versions of posts, so that repetitions from another host land once.
 *
 * Two generations of ten minutes; memory does not grow with the length of a run.
 */
export class RecentPosts {
  #young = new Set<string>();
  #old = new Set<string>();
  #since = -Infinity;

  constructor(keys: Iterable<string> = []) {
    for (const key of keys) this.#old.add(key);
  }

  /** Remember a version (`uri rev`) at a time of the stream; gives false where it was there before. */
  add(key: string, time: number): boolean {
    if (time > this.#since + GENERATION_MS) {
      if (this.#since > -Infinity) this.#old = this.#young;
      this.#young = this.#since > -Infinity ? new Set() : this.#young;
      this.#since = time;
    }
    if (this.has(key)) return false;
    this.#young.add(key);
    return true;
  }

  /** Is a version remembered? */
  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }
}

/** Give `uri rev` of the newest posts of a source, which another host may send again. */
export async function newestPosts(
  database: Database,
  paths: DataPaths,
  source: string,
): Promise<string[]> {
  await using _files = await holdFiles(paths);
  const files = paths.files(`raw/${source}`).slice(-4).map((file) => file.path);
  const found = await rows<{ key: string }>(
    database,
    `WITH posts AS ${relation(RAW, files)}
     SELECT uri || ' ' || rev AS key FROM posts
     WHERE event_time > (SELECT max(event_time) FROM posts) - INTERVAL ${
      GENERATION_MS / 1000
    } SECOND`,
  );
  return found.map(({ key }) => key);
}
