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
  /** A hash of the first CID by `uri rev`: numbers, as texts would be most of what a run holds. */
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  /** Further versions of one revision, `uri rev cid`. */
  readonly #further = new Set<string>();
  #since = -Infinity;

  constructor(versions: Iterable<Version> = []) {
    for (const { key, cid } of versions) this.#isNew(this.#old, key, cid);
  }

  /** Remember a version at a time of the stream; gives false where it was there before. */
  add(key: string, cid: string, time: number): boolean {
    if (time > this.#since + GENERATION_MS) {
      if (this.#since > -Infinity) this.#old = this.#young;
      this.#young = this.#since > -Infinity ? new Map() : this.#young;
      this.#since = time;
    }
    return this.#isNew(this.#young, key, cid);
  }

  /** Is a version of this revision (`uri rev`) remembered? */
  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  #isNew(generation: Map<string, number>, key: string, cid: string): boolean {
    const first = this.#young.get(key) ?? this.#old.get(key);
    if (first === undefined) {
      generation.set(key, hashOf(cid));
      return true;
    }
    const version = `${key} ${cid}`;
    if (first === hashOf(cid) || this.#further.has(version)) return false;
    this.#further.add(version);
    return true;
  }
}

/** Give a number of 30 bits for a CID, by its last characters. */
function hashOf(cid: string): number {
  let hash = 0;
  for (let i = Math.max(0, cid.length - 12); i < cid.length; i++) {
    hash = (hash * 31 + cid.charCodeAt(i)) & 0x3fffffff;
  }
  return hash;
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
