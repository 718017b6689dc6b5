import { join } from "node:path";
import type { LabelReason } from "../labels/label_reason.ts";
import { type Database, literal, spillFolder } from "../store/duckdb.ts";
import type { ReadLabel } from "./answer_reader.ts";
import type { Answer } from "./answer_segment.ts";

/** Bytes of raw answers that are held before they go to a file. */
const CHUNK_BYTES = 8 * 2 ** 20;
/** Rows that DuckDB's appender holds before it hands them over. */
const FLUSH_AFTER = 256;

/** A new table: DuckDB keeps the memory of a truncated one. */
const EMPTY = `CREATE OR REPLACE TEMP TABLE staged_answers (answer_row BIGINT, date VARCHAR,
  uri VARCHAR, cid VARCHAR, text_hash VARCHAR, request_hash VARCHAR, answer VARCHAR, reason VARCHAR,
  label_timestamp VARCHAR, run_id VARCHAR, columns VARCHAR)`;

/**
 * Answers on their way from segments to label files, as Parquet beside the tables.
 *
 * Each has `answer_row`, which grows in the order of addition. Raw answers of a day are
 * larger than memory, and DuckDB pins much of its own tables.
 */
export class StagedAnswers implements AsyncDisposable {
  readonly #files: string[] = [];
  #appender: Awaited<ReturnType<Database["createAppender"]>> | undefined;
  #rows = 0;
  /** Rows whose reason is not believed, as conditions. */
  readonly #doubted: string[] = [];
  #bytes = 0;

  private constructor(readonly database: Database, readonly folder: string) {}

  static async create(database: Database, root: string): Promise<StagedAnswers> {
    const folder = spillFolder(root);
    await Deno.mkdir(folder, { recursive: true });
    await database.run(EMPTY);
    return new StagedAnswers(database, folder);
  }

  /** Add an answer with the label that it gives. */
  async add(from: Answer, { answer, columns, reason }: ReadLabel): Promise<void> {
    this.#appender ??= await this.database.createAppender("staged_answers");
    const { date, uri, cid, text_hash, request_hash, received_at, run_id } = from;
    this.#appender.appendBigInt(BigInt(++this.#rows));
    const values = [date, uri, cid, text_hash, request_hash, answer, reason, received_at];
    for (const value of [...values, run_id, columns]) {
      if (value === null) this.#appender.appendNull();
      else this.#appender.appendVarchar(value);
    }
    this.#appender.endRow();
    if (this.#rows % FLUSH_AFTER === 0) this.#appender.flushSync();
    this.#bytes += (answer?.length ?? 0) + (columns?.length ?? 0) + 500;
    if (this.#bytes >= CHUNK_BYTES) await this.#stage();
  }

  /** How many answers were added. */
  get rows(): number {
    return this.#rows;
  }

  /** Let the posts of the answers behind a row that have a reason be tried again. */
  doubt(before: number, reason: LabelReason): void {
    this.#doubted.push(
      `answer_row > ${before} AND answer_row <= ${this.#rows} AND request_hash IS NOT NULL ` +
        `AND reason = ${literal(reason)}`,
    );
  }

  /** Make all added answers part of the relation. */
  async flush(): Promise<void> {
    await this.#stage();
  }

  /** Give the answers as an SQL relation. */
  get relation(): string {
    const all = this.#files.length === 0
      ? "staged_answers"
      : `read_parquet(${literal(this.#files)}, hive_partitioning = false)`;
    if (this.#doubted.length === 0) return all;
    const isDoubted = this.#doubted.map((condition) => `(${condition})`).join(" OR ");
    return `(SELECT * REPLACE (if(${isDoubted}, 'unavailable', reason) AS reason) FROM ${all})`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closeAppender();
    await this.database.run("DROP TABLE IF EXISTS staged_answers");
    await Deno.remove(this.folder, { recursive: true });
  }

  #closeAppender(): void {
    this.#appender?.closeSync();
    this.#appender = undefined;
  }

  async #stage(): Promise<void> {
    this.#closeAppender();
    if (this.#bytes === 0) return;
    const path = join(this.folder, `${this.#files.length}.parquet`);
    this.#files.push(path);
    await this.database.run(
      `COPY staged_answers TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    await this.database.run(EMPTY);
    this.#bytes = 0;
  }
}
