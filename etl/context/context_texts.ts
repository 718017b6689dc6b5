import { POST_URI } from "../atproto/post.ts";
import type { FetchedContexts } from "./context_fetcher.ts";
import { collectReferences } from "./context_references.ts";
import { listInputs, withoutDamage } from "../raw/inputs.ts";
import { rawRows } from "../raw/raw_rows.ts";
import { readRemovals } from "../raw/removal.ts";
import { now } from "../run/clock.ts";
import type { UserError } from "../run/error.ts";
import { type Database, literal, onOneThread, type Row, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { holdFiles } from "../store/reading.ts";
import { CONTEXTS, POSTS, TOMBSTONES } from "../store/tables.ts";
import { hashKey, HIDINGS, subjectHashSql } from "../raw/tombstone.ts";

/** How long a missing post is not asked for again. */
const ABSENT_DAYS = 7;
const DAY_MS = 86_400_000;

/**
 * The state of a referenced post: its text is `known`; it is `missing` and worth asking
 * for; or it is `gone`: deleted, hidden, not at the AppView a while ago, or no post at all.
 */
export interface ContextState {
  text: string | null;
  state: "known" | "missing" | "gone";
}

/**
 * The texts that the pending posts of some days name, from all raw tables, in temporary tables that spill:
 * `context_refs` (ref: hash of a uri), `context_subjects` (hashes of the keyed hashes of those uris and
 * their authors), `context_texts` (ref, text, event_time), `context_absent` (uri_hash),
 * `context_removed` (subject_hash, removed_at; an account that is hidden is so forever).
 *
 * They are collected at once, in two passes over raw: the first finds the version of each post that
 * is named (the highest rev, else the latest look), the second its text.
 */
export class ContextTexts {
  #tombstones = new Set<string>();

  private constructor(
    readonly database: Database,
    readonly paths: DataPaths,
    readonly key: string,
  ) {}

  /**
   * Collect the texts of some days, in place of those of the days before; `pending` is a temporary
   * table with the column `post` (hash of the uri).
   *
   * Also gives the errors of damaged files, which are left out. Throws where a tombstone part is damaged.
   */
  static async collect(
    database: Database,
    paths: DataPaths,
    pending: string,
    days: string[],
  ): Promise<{ texts: ContextTexts; errors: UserError[] }> {
    await using _files = await holdFiles(paths);
    const key = await hashKey(paths);
    const texts = new ContextTexts(database, paths, key);
    const inputs = listInputs(paths);
    await onOneThread(
      texts.database,
      () =>
        withoutDamage(database, paths, inputs, "read the contexts of posts", async () => {
          const files = [...Object.values(inputs.raw).flat(), ...inputs.contexts];
          await readRemovals(database, inputs, files, key);
          await collectReferences(database, {
            posts: relation(POSTS, days.flatMap((day) => paths.filesOfDay("posts", day))),
            pending,
            subjects: [texts.#uriHash, texts.#didHash],
          });
          await texts.#collectTexts(files, inputs.contexts);
        }),
    );
    texts.#tombstones = new Set(inputs.tombstones);
    return { texts, errors: inputs.errors };
  }

  get #uriHash(): string {
    return subjectHashSql(this.key, "uri");
  }

  get #didHash(): string {
    return subjectHashSql(this.key, "regexp_extract(uri, '^at://([^/]+)', 1)");
  }

  async #collectTexts(files: string[], contexts: string[]): Promise<void> {
    const { database } = this;
    await database.run(`
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

  /** Give the known texts of posts that the pending ones name. */
  async statesOf(uris: string[]): Promise<Map<string, ContextState>> {
    return uris.length === 0
      ? new Map()
      : await onOneThread(this.database, () => this.#statesOf(uris));
  }

  async #statesOf(uris: string[]): Promise<Map<string, ContextState>> {
    await this.#refreshRemovals();
    await this.#fill("context_page", ["uri"], uris.map((uri) => [uri]));
    const states = await rows<ContextState & { uri: string } & Row>(
      this.database,
      `WITH named AS (
        SELECT uri, hash(uri) AS ref, ${this.#uriHash} AS uri_hash, ${this.#didHash} AS did_hash
        FROM context_page
      ),
      -- What is asked for is hashed and the large tables pass by, never the other way round.
      texts AS MATERIALIZED (
        FROM context_texts WHERE ref IN (SELECT hash(uri) FROM context_page)
      ),
      subjects AS MATERIALIZED (
        SELECT uri, uri_hash AS subject_hash FROM named UNION ALL SELECT uri, did_hash FROM named
      ),
      removals AS (
        SELECT uri, max(removed_at) AS removed_at FROM subjects
        JOIN (FROM context_removed WHERE subject_hash IN (SELECT subject_hash FROM subjects))
          USING (subject_hash)
        GROUP BY uri
      ),
      absent AS MATERIALIZED (
        FROM context_absent WHERE uri_hash IN (SELECT uri_hash FROM named)
      ),
      judged AS (
        SELECT uri, t.text, CASE
            WHEN removed_at >= coalesce(event_time, '-infinity') THEN 'gone'
            WHEN t.ref IS NOT NULL THEN 'known'
            WHEN uri_hash IN (FROM absent) THEN 'gone'
            WHEN NOT regexp_full_match(uri, ${literal(POST_URI)}) THEN 'gone'
            ELSE 'missing' END AS state
        FROM named LEFT JOIN texts t USING (ref) LEFT JOIN removals USING (uri)
      )
      SELECT uri, state, if(state = 'known', text, NULL) AS text FROM judged`,
    );
    await this.database.run("DROP TABLE context_page");
    return new Map(states.map(({ uri, state, text }) => [uri, { state, text }]));
  }

  /** Add fetched posts. */
  async learn({ found, absent }: FetchedContexts): Promise<void> {
    await this.#fill("context_fetched", ["uri", "text", "event_time"], [
      ...found.map(({ uri, text, event_time }) => [uri, text.toWellFormed(), event_time]),
      ...absent.map((uri) => [uri, null, null]),
    ]);
    await this.#take(
      `SELECT hash(uri) AS ref, text, event_time::TIMESTAMP AS event_time,
         ${this.#uriHash} AS uri_hash FROM context_fetched`,
    );
    await this.database.run("DROP TABLE context_fetched");
  }

  /** Add parts of `raw/context` that landed after `collect`. */
  async readLanded(files: string[]): Promise<void> {
    await this.#take(
      `SELECT DISTINCT ON (uri_hash) hash(uri) AS ref, text, event_time, uri_hash
       FROM ${relation(CONTEXTS, files)}
       WHERE uri IS NOT NULL AND hash(uri) IN (SELECT ref FROM context_refs)
         AND hash(uri) NOT IN (SELECT ref FROM context_texts)
       UNION ALL SELECT NULL, NULL, NULL, uri_hash FROM ${this.#absent(files)}`,
    );
  }

  /** Add rows (ref, text, event_time, uri_hash) as known, and as absent those without text. */
  async #take(query: string): Promise<void> {
    await this.database.run(`
      CREATE OR REPLACE TEMP TABLE context_news AS ${query};
      INSERT INTO context_texts SELECT ref, text, event_time FROM context_news WHERE text IS NOT NULL;
      INSERT INTO context_absent SELECT uri_hash FROM context_news WHERE text IS NULL;
      DROP TABLE context_news`);
  }

  /** Make a temporary table of texts: not by a statement, which an error would quote. */
  async #fill(table: string, columns: string[], values: (string | null)[][]): Promise<void> {
    const { database } = this;
    const typed = columns.map((name) => `${name} VARCHAR`).join(", ");
    await database.run(`CREATE OR REPLACE TEMP TABLE ${table} (${typed})`);
    const appender = await database.createAppender(table);
    for (const row of values) {
      for (const value of row) {
        if (value === null) appender.appendNull();
        else appender.appendVarchar(value);
      }
      appender.endRow();
    }
    appender.closeSync();
  }

  /** Add newer tombstones: posts deleted meanwhile are not shown. */
  async #refreshRemovals(): Promise<void> {
    await using _files = await holdFiles(this.paths);
    const files = this.paths.files("raw/tombstones").map(({ path }) => path)
      .filter((path) => !this.#tombstones.has(path));
    if (files.length === 0) return;
    await this.database.run(`INSERT INTO context_removed
      SELECT subject_hash, if(reason IN (${
      [...HIDINGS, "asked"].map((reason) => literal(reason)).join(", ")
    }), 'infinity'::TIMESTAMP, event_time)
      FROM ${relation(TOMBSTONES, files)}
      WHERE coalesce(reason <> 'active', true)
        AND hash(subject_hash) IN (SELECT subject FROM context_subjects)`);
    for (const path of files) this.#tombstones.add(path);
  }

  /** Posts that were missing too recently to be asked for again. */
  #absent(files: string[]): string {
    const since = new Date(now().getTime() - ABSENT_DAYS * DAY_MS);
    return `(SELECT DISTINCT uri_hash FROM ${relation(CONTEXTS, files)}
      WHERE status <> 'found' AND seen_at > ${literal(since)})`;
  }
}
