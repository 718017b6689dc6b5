import { createHash } from "node:crypto";
import { labelFiles, labelTable, mergeLabels } from "../../etl/labels/label_file.ts";
import { type LabelSet, labelSetId } from "../../etl/labels/label_set.ts";
import { ANSWER_COLUMNS } from "../../etl/labels/paid_answer.ts";
import { now } from "../../etl/run/clock.ts";
import type { Context } from "../../etl/command/command.ts";
import { type Database, literal, row, rows } from "../../etl/store/duckdb.ts";
import { relation } from "../../etl/store/parquet.ts";
import type { DataPaths } from "../../etl/store/paths.ts";
import type { Sociopolitical } from "../codebooks/sociopolitical_codebook.ts";
import { CHAT_COLUMNS, SOCIOPOLITICAL_COLUMNS } from "../reply/reply_columns.ts";
import { readFreeReply } from "../reply/free_reply.ts";
import type { RecordedReply } from "./recorded_lines.ts";

const CLASSIFIER = "sociopolitical";
const TABLE = labelTable({ ...SOCIOPOLITICAL_COLUMNS, ...CHAT_COLUMNS, ...ANSWER_COLUMNS });

/** Why a readable recorded reply is set aside. */
export type SetAside = "no_such_post" | "uri_twice";

/** Replies read from a file, as the temporary table `recorded`, until they land as labels. */
export class RecordedReplies {
  #appender: Awaited<ReturnType<Database["createAppender"]>>;

  private constructor(
    readonly database: Database,
    readonly section: Sociopolitical,
    appender: Awaited<ReturnType<Database["createAppender"]>>,
  ) {
    this.#appender = appender;
  }

  static async open(database: Database, section: Sociopolitical): Promise<RecordedReplies> {
    await database.run(`CREATE OR REPLACE TEMP TABLE recorded (line BIGINT, raw VARCHAR,
      uri VARCHAR, request_hash VARCHAR, answer VARCHAR, reason VARCHAR,
      is_sociopolitical BOOLEAN, lean VARCHAR, reason_text VARCHAR)`);
    return new RecordedReplies(database, section, await database.createAppender("recorded"));
  }

  /** Take the reply of a line. */
  take(line: number, raw: string, { uri, prompt, reply }: RecordedReply): void {
    const read = readFreeReply(this.section, reply);
    const labels = "row" in read ? read.row : {};
    this.#appender.appendBigInt(BigInt(line));
    const requestHash = createHash("sha256").update(prompt).digest("hex");
    for (const text of [raw, uri, requestHash, reply]) {
      this.#appender.appendVarchar(text.toWellFormed());
    }
    this.#append("reason" in read ? read.reason : null);
    if (typeof labels.is_sociopolitical === "boolean") {
      this.#appender.appendBoolean(labels.is_sociopolitical);
    } else {
      this.#appender.appendNull();
    }
    this.#append(labels.lean);
    this.#append(labels.reason_text);
    this.#appender.endRow();
  }

  #append(text: unknown): void {
    if (typeof text === "string") this.#appender.appendVarchar(text.toWellFormed());
    else this.#appender.appendNull();
  }

  /**
   * Find the post of each reply by its uri, and take out the replies that cannot land.
   *
   * A reply without a post has no day. Of two different replies to a post the first
   * stays, as nothing says which one counts. Makes the temporary table `recorded_of_post`. Gives
   * the replies set aside, and how many lines only repeat another.
   */
  async findPosts(
    paths: DataPaths,
  ): Promise<
    { aside: { line: number; uri: string; raw: string; why: SetAside }[]; repeated: number }
  > {
    this.#appender.closeSync();
    const files = paths.files("posts").map(({ path }) => path);
    await this.database.run(`CREATE OR REPLACE TEMP TABLE recorded_of_post AS
      SELECT r.* EXCLUDE raw, p.cid, p.text_hash, p.day,
        row_number() OVER of_uri > 1 AS is_again,
        request_hash = first(request_hash) OVER of_uri AND answer = first(answer) OVER of_uri AS is_same
      FROM recorded r LEFT JOIN (
        SELECT uri, cid, text_hash, date AS day
        FROM read_parquet(${literal(files)}, hive_partitioning = true,
          hive_types_autocast = false, union_by_name = true)
        WHERE uri IN (SELECT uri FROM recorded)
      ) p ON p.uri = r.uri
      WINDOW of_uri AS (PARTITION BY r.uri ORDER BY r.line)`);
    const aside = await rows<{ line: number; uri: string; raw: string; why: SetAside }>(
      this.database,
      `SELECT line, uri, raw, if(p.day IS NULL, 'no_such_post', 'uri_twice') AS why
       FROM recorded_of_post p JOIN recorded USING (line, uri)
       WHERE p.day IS NULL OR is_again AND NOT is_same ORDER BY line`,
    );
    const { repeated } = await row<{ repeated: number }>(
      this.database,
      `SELECT count(*) AS repeated FROM recorded_of_post
       WHERE day IS NOT NULL AND is_again AND is_same`,
    );
    await this.database.run("DROP TABLE recorded");
    await this.database.run(
      "DELETE FROM recorded_of_post WHERE is_again OR day IS NULL",
    );
    return { aside, repeated };
  }

  /**
   * Land what `findPosts` left as labels of a label set, by the days of the posts.
   *
   * Existing labels stay, and a failure replaces no label. Gives the counts: how
   * many are labelled, how many failed and why, how many were there before.
   */
  async land({ paths, runId }: Context, set: LabelSet): Promise<LandedReplies> {
    const counts: LandedReplies = {
      labelled: 0,
      sociopolitical: 0,
      lean: {},
      failed: {},
      here_before: 0,
      kept_other: 0,
    };
    const found = await rows<
      { reason: string | null; topic: boolean; lean: string | null; n: number }
    >(
      this.database,
      `SELECT reason, is_sociopolitical AS topic, lean, count(*) AS n
       FROM recorded_of_post GROUP BY ALL ORDER BY ALL`,
    );
    for (const { reason, topic, lean, n } of found) {
      if (reason !== null) counts.failed[reason] = n;
      else counts.labelled += n;
      if (topic) counts.sociopolitical += n;
      if (lean !== null) counts.lean[lean] = n;
    }
    const id = labelSetId(set);
    const provenance = {
      label_set_id: id,
      label_timestamp: now(),
      model: set.model,
      codebook_hash: set.codebook_hash,
      prompt_hash: set.prompt_hash,
      parameters: JSON.stringify(set.parameters),
      run_id: runId,
    };
    const columns = Object.entries(provenance)
      .map(([name, value]) => `${literal(value)} AS ${name}`).join(", ");
    const days = await rows<{ day: string; n: number }>(
      this.database,
      "SELECT day, count(*) AS n FROM recorded_of_post GROUP BY day ORDER BY day",
    );
    for (const { day, n } of days) {
      const here = relation(TABLE, labelFiles(paths, CLASSIFIER, day));
      await this.database.run(`CREATE OR REPLACE TEMP TABLE recorded_of_day AS
        SELECT given.* EXCLUDE (line, day, is_again, is_same),
          reason IS NULL AS was_successfully_labeled, ${columns}
        FROM recorded_of_post given WHERE day = ${literal(day)} AND NOT EXISTS (
          FROM ${here} here
          WHERE here.uri = given.uri AND here.label_set_id = ${literal(id)}
            AND here.cid IS NOT DISTINCT FROM given.cid AND here.text_hash = given.text_hash
            AND (here.request_hash = given.request_hash AND here.answer = given.answer
              OR here.was_successfully_labeled))`);
      const { other } = await row<{ other: number }>(
        this.database,
        `SELECT count(*) AS other FROM recorded_of_post given JOIN ${here} here
           ON here.uri = given.uri AND here.label_set_id = ${literal(id)}
             AND here.cid IS NOT DISTINCT FROM given.cid AND here.text_hash = given.text_hash
         WHERE given.day = ${literal(day)} AND here.was_successfully_labeled
           AND here.answer IS DISTINCT FROM given.answer`,
      );
      counts.kept_other += other;
      const { fresh } = await row<{ fresh: number }>(
        this.database,
        "SELECT count(*) AS fresh FROM recorded_of_day",
      );
      counts.here_before += n - fresh;
      if (fresh === 0) continue;
      await mergeLabels(this.database, paths, CLASSIFIER, TABLE, day, "FROM recorded_of_day");
    }
    return counts;
  }
}

/** The results of a file's replies. */
export interface LandedReplies {
  labelled: number;
  sociopolitical: number;
  /** Posts by lean label. */
  lean: Record<string, number>;
  /** Failure rows by reason. */
  failed: Record<string, number>;
  /** How many of all these had a label before, which stays, */
  here_before: number;
  /** and how many of those by another reply: a later reply never replaces a label. */
  kept_other: number;
}
