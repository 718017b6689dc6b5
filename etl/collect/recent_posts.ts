import { type Database, type Row, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { holdFiles } from "../store/reading.ts";
import { RAW } from "../store/tables.ts";

/** How long a post is remembered, in the time of the stream: longer than hosts lie apart. */
const GENERATION_MS = 10 * 60_000;

/** A version of a post: `uri rev` and the CID of its record. */
export interface Version {
  key: string;
  cid: string;
}

/**
 * Remembers the newest versions of posts, so that repetitions from another host land once.
 *
 * A revision can write a post more than once, in events of their own: the CID tells them apart. Two
 * generations of ten minutes; memory does not grow with the length of a run.
 */
export class RecentPosts {
  /** CIDs by `uri rev`; of more than one, with a space between them. */
  #young = new Map<string, string>();
  #old = new Map<string, string>();
  #since = -Infinity;

  constructor(versions: Iterable<Version> = []) {
    for (const { key, cid } of versions) this.#old.set(key, joined(this.#old.get(key), cid));
  }

  /** Remember a version at a time of the stream; gives false where it was there before. */
  add(key: string, cid: string, time: number): boolean {
    if (time > this.#since + GENERATION_MS) {
      if (this.#since > -Infinity) this.#old = this.#young;
      this.#young = this.#since > -Infinity ? new Map() : this.#young;
      this.#since = time;
    }
    const young = this.#young.get(key);
    if (`${young} ${this.#old.get(key)}`.split(" ").includes(cid)) return false;
    this.#young.set(key, joined(young, cid));
    return true;
  }

  /** Is a version of this revision (`uri rev`) remembered? */
  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }
}

function joined(cids: string | undefined, cid: string): string {
  return cids === undefined ? cid : `${cids} ${cid}`;
}

/** Give the newest versions of posts of a source, which another host may send again. */
export async function newestPosts(
  database: Database,
  paths: DataPaths,
  source: string,
): Promise<Version[]> {
  await using _files = await holdFiles(paths);
  const files = paths.files(`raw/${source}`).slice(-4).map((file) => file.path);
  return await rows<Version & Row>(
    database,
    `WITH posts AS ${relation(RAW, files)}
     SELECT uri || ' ' || rev AS key, cid FROM posts
     WHERE event_time > (SELECT max(event_time) FROM posts) - INTERVAL ${
      GENERATION_MS / 1000
    } SECOND`,
  );
}
