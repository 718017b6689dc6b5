import { POST_URI } from "./atproto/post.ts";
import type { FetchedContexts } from "./context_fetcher.ts";
import { listInputs, withoutDamage } from "./inputs.ts";
import { rawRows } from "./post_index.ts";
import { readRemovals } from "./removal.ts";
import { now } from "./run/clock.ts";
import type { UserError } from "./run/error.ts";
import { type Database, literal, rows } from "./store/duckdb.ts";
import { relation } from "./store/parquet.ts";
import type { DataPaths } from "./store/paths.ts";
import { CONTEXTS, POSTS, TOMBSTONES } from "./store/tables.ts";
import { hashKey, subjectHashSql } from "./store/tombstone.ts";

/** How long what an AppView did not give is not asked for again. */
const ABSENT_DAYS = 7;
const DAY_MS = 86_400_000;
/** Posts that are read at once, which takes a second for a day of a million. */
const CHUNK = 16 * 1024;
const REFERENCES = "[reply_parent_uri, reply_root_uri, quoted_uri]";
const HAS_CONTEXT = `coalesce(reply_parent_uri, reply_root_uri, quoted_uri, external_title,
  external_description, external_url) IS NOT NULL OR len(image_alts) > 0 OR len(self_labels) > 0`;

/** What stands in a post's own row. */
export interface ContextRow extends Record<string, unknown> {
  uri: string;
  reply_root_uri: string | null;
  reply_parent_uri: string | null;
  quoted_uri: string | null;
  external_title: string | null;
  external_description: string | null;
  external_url: string | null;
  image_alts: string[] | null;
  self_labels: string[] | null;
}

/**
 * What is known of a post that another one names: its text is `known`; it is `missing` and worth asking
 * for; or it is `gone`: deleted, hidden, or not at the AppView a while ago.
 */
export interface ContextState extends Record<string, unknown> {
  uri: string;
  text: string | null;
  state: "known" | "missing" | "gone";
}

/**
 * The pending posts of a day with the texts of the posts that they name, from all raw tables.
 *
 * Texts are collected once a day, in two passes over raw: the first finds the version of each post that
 * is named, the second its text. They wait in a temporary table, which spills; what a page needs is
 * taken from it for 16,384 posts at once, in the order of the pending table.
 */
export class ContextTexts {
  /** Positions of the pending table that the chunk covers. */
  #chunk = { from: 0, until: 0 };
  #tombstones = new Set<string>();

  private constructor(
    readonly database: Database,
    readonly paths: DataPaths,
    readonly pending: string,
    readonly day: string,
    readonly key: string,
  ) {}

  /**
   * Collect the texts that the pending posts of a day name; one day at a time.
   *
   * `pending` is a temporary table with the columns `post` (hash of the uri) and `position`. Gives also
   * the errors of damaged files, which are left out. Throws where a tombstone part is damaged.
   */
  static async collect(
    database: Database,
    paths: DataPaths,
    pending: string,
    day: string,
  ): Promise<{ texts: ContextTexts; errors: UserError[] }> {
    const key = await hashKey(paths);
    const texts = new ContextTexts(database, paths, pending, day, key);
    const inputs = listInputs(paths);
    await texts.#frugally(() =>
      withoutDamage(database, paths, inputs, async () => {
        const files = [...Object.values(inputs.raw).flat(), ...inputs.contexts];
        await readRemovals(database, inputs.tombstones, files, key);
        await texts.#collect(files, inputs.contexts);
      })
    );
    texts.#tombstones = new Set(inputs.tombstones);
    return { texts, errors: inputs.errors };
  }

  async #collect(files: string[], contexts: string[]): Promise<void> {
    const { database, pending } = this;
    await database.run(`
      CREATE OR REPLACE TEMP TABLE context_refs AS
        SELECT DISTINCT hash(uri) AS ref FROM (
          SELECT unnest(${REFERENCES}) AS uri FROM ${this.#posts()}
          WHERE hash(uri) IN (SELECT post FROM ${pending}))
        WHERE uri IS NOT NULL;
      CREATE OR REPLACE TEMP TABLE context_files AS
        SELECT unnest(range(${files.length})) AS file, unnest(${literal(files)}::VARCHAR[]) AS path;
      CREATE OR REPLACE TEMP TABLE context_versions AS
        SELECT ref, file, row, event_time FROM (
          SELECT hash(r.uri) AS ref, f.file, r.row, r.event_time, r.rev, r.seen_at
          FROM ${rawRows(files)} r JOIN context_files f ON f.path = r.file
          WHERE r.uri IS NOT NULL AND hash(r.uri) IN (SELECT ref FROM context_refs))
        QUALIFY row_number() OVER (PARTITION BY ref
          ORDER BY rev DESC NULLS LAST, seen_at DESC, file, row) = 1`);
    const named = await rows<{ path: string }>(
      database,
      "SELECT DISTINCT path FROM context_files JOIN context_versions USING (file)",
    );
    await database.run(`
      CREATE OR REPLACE TEMP TABLE context_texts AS
        SELECT v.ref, r.text, v.event_time
        FROM ${rawRows(named.map(({ path }) => path))} r JOIN context_files f ON f.path = r.file
        JOIN context_versions v ON v.file = f.file AND v.row = r.row;
      DROP TABLE context_versions;
      DROP TABLE context_files;
      CREATE OR REPLACE TEMP TABLE context_absent AS SELECT uri_hash FROM ${
      this.#absent(contexts)
    }`);
  }

  /** Give what stands in the rows of some pending posts; those without anything are left out. */
  async rowsOf(uris: string[]): Promise<ContextRow[]> {
    await this.#load(uris);
    return await rows<ContextRow>(
      this.database,
      `SELECT * FROM context_chunk WHERE uri IN (SELECT unnest(${literal(uris)}::VARCHAR[]))`,
    );
  }

  /** Give what is known of posts that those of the last `rowsOf` name. */
  async statesOf(uris: string[]): Promise<ContextState[]> {
    return await rows<ContextState>(
      this.database,
      `SELECT * FROM context_chunk_texts WHERE uri IN (SELECT unnest(${literal(uris)}::VARCHAR[]))`,
    );
  }

  /** Take in what was fetched. */
  async learn({ found, absent }: FetchedContexts): Promise<void> {
    const { database } = this;
    await database.run(`CREATE OR REPLACE TEMP TABLE context_fetched
      (uri VARCHAR, text VARCHAR, event_time VARCHAR)`);
    // Not as a statement, which an error would quote.
    const appender = await database.createAppender("context_fetched");
    const append = (...values: (string | null)[]) => {
      for (const value of values) {
        if (value === null) appender.appendNull();
        else appender.appendVarchar(value);
      }
      appender.endRow();
    };
    for (const { uri, text, event_time } of found) append(uri, text.toWellFormed(), event_time);
    for (const uri of absent) append(uri, null, null);
    appender.closeSync();
    await this.#take(
      `SELECT hash(uri) AS ref, text, event_time::TIMESTAMP AS event_time,
         ${subjectHashSql(this.key, "uri")} AS uri_hash FROM context_fetched`,
    );
    await database.run("DROP TABLE context_fetched");
  }

  /** Take in parts of `raw/context` that were landed after `collect`; gives those still missing. */
  async readLanded(files: string[], uris: string[]): Promise<string[]> {
    const landed = relation(CONTEXTS, files);
    await this.#take(
      `SELECT DISTINCT ON (uri_hash) hash(uri) AS ref, text, event_time, uri_hash FROM ${landed}
       WHERE hash(uri) IN (SELECT ref FROM context_refs) AND hash(uri) NOT IN
         (SELECT ref FROM context_texts)
       UNION ALL SELECT NULL, NULL, NULL, uri_hash FROM ${this.#absent(files)}`,
    );
    const states = await this.statesOf(uris);
    return states.filter(({ state }) => state === "missing").map(({ uri }) => uri);
  }

  /** Take in rows (ref, text, event_time, uri_hash) as known, and as absent those without text. */
  async #take(query: string): Promise<void> {
    await this.database.run(`
      CREATE OR REPLACE TEMP TABLE context_news AS ${query};
      INSERT INTO context_texts SELECT ref, text, event_time FROM context_news WHERE text IS NOT NULL;
      INSERT INTO context_absent SELECT uri_hash FROM context_news WHERE text IS NULL;
      UPDATE context_chunk_texts c SET text = n.text, state = if(n.text IS NULL, 'gone', 'known')
        FROM context_news n
        WHERE c.state = 'missing' AND n.uri_hash = ${subjectHashSql(this.key, "c.uri")};
      DROP TABLE context_news`);
  }

  /** Read the chunk that some posts stand in, unless it is the one at hand. */
  async #load(uris: string[]): Promise<void> {
    const [places] = await rows<{ first: number | null; last: number | null }>(
      this.database,
      `SELECT min(position) AS first, max(position) AS last FROM ${this.pending}
       WHERE post IN (SELECT hash(unnest(${literal(uris)}::VARCHAR[])))`,
    );
    const { first, last } = places!;
    if (first === null || last === null) return;
    if (first >= this.#chunk.from && last < this.#chunk.until) return;
    const until = Math.max(last + 1, first + CHUNK);
    await this.#frugally(() => this.#read(first, until));
    this.#chunk = { from: first, until };
  }

  async #read(from: number, until: number): Promise<void> {
    const { database, pending, key } = this;
    await this.#refreshRemovals();
    await database.run(`
      CREATE OR REPLACE TEMP TABLE context_chunk AS
        SELECT p.uri, p.reply_root_uri, p.reply_parent_uri, p.quoted_uri, p.external_title,
          p.external_description, p.external_url, p.image_alts, p.self_labels
        FROM ${this.#posts()} p
        JOIN (FROM ${pending} WHERE position >= ${from} AND position < ${until}) q
          ON hash(p.uri) = q.post
        WHERE ${HAS_CONTEXT};
      CREATE OR REPLACE TEMP TABLE context_chunk_texts AS
        WITH named AS (
          SELECT uri, hash(uri) AS ref, ${subjectHashSql(key, "uri")} AS uri_hash,
            ${subjectHashSql(key, "regexp_extract(uri, '^at://([^/]+)', 1)")} AS did_hash
          FROM (SELECT DISTINCT unnest(${REFERENCES}) AS uri FROM context_chunk)
          WHERE uri IS NOT NULL
        ),
        removals AS (
          SELECT uri, max(removed_at) AS removed_at FROM (
            SELECT uri, uri_hash AS subject_hash FROM named
            UNION ALL SELECT uri, did_hash FROM named) JOIN removed USING (subject_hash)
          GROUP BY uri
        )
        SELECT uri, state, if(state = 'known', text, NULL) AS text FROM (SELECT uri, text, CASE
            WHEN did_hash IN (SELECT subject_hash FROM hidden) THEN 'gone'
            WHEN removed_at >= coalesce(event_time, '-infinity') THEN 'gone'
            WHEN t.ref IS NOT NULL THEN 'known'
            WHEN uri_hash IN (FROM context_absent) THEN 'gone'
            WHEN NOT regexp_full_match(uri, ${literal(POST_URI)}) THEN 'gone'
            ELSE 'missing' END AS state
          FROM named LEFT JOIN context_texts t USING (ref) LEFT JOIN removals USING (uri))`);
  }

  /** Take in tombstones that came since: what was deleted meanwhile is shown to nobody. */
  async #refreshRemovals(): Promise<void> {
    const { database, paths } = this;
    const files = paths.files("raw/tombstones").map(({ path }) => path)
      .filter((path) => !this.#tombstones.has(path));
    if (files.length === 0) return;
    const news = relation(TOMBSTONES, files);
    await database.run(`
      INSERT INTO removed SELECT subject_hash, event_time FROM ${news}
        WHERE coalesce(reason NOT IN ('deactivated', 'active'), true);
      INSERT INTO hidden SELECT DISTINCT subject_hash FROM ${news} WHERE reason = 'deactivated'`);
    for (const path of files) this.#tombstones.add(path);
  }

  #posts(): string {
    return relation(POSTS, this.paths.filesOfDay("posts", this.day));
  }

  /** Posts that were not there so lately that they are not asked for again. */
  #absent(files: string[]): string {
    const since = new Date(now().getTime() - ABSENT_DAYS * DAY_MS);
    return `(SELECT DISTINCT uri_hash FROM ${relation(CONTEXTS, files)}
      WHERE status <> 'found' AND seen_at > ${literal(since)})`;
  }

  /** One thread holds one row group; DuckDB gives back what is free when their number changes. */
  async #frugally(work: () => Promise<void>): Promise<void> {
    await this.database.run("SET threads = 1");
    await work();
    await this.database.run("RESET threads");
  }
}
