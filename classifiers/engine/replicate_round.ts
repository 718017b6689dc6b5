import { labelSetId } from "../../etl/labels/label_set.ts";
import { PASSING_REASONS } from "../../etl/labels/label_reason.ts";
import type { PostContexts } from "../../etl/context/post_context.ts";
import { withContexts } from "../../etl/context/with_contexts.ts";
import { CONTEXT_COLUMNS, type ContextRow } from "../../etl/context/context_part.ts";
import { now, utcDay } from "../../etl/run/clock.ts";
import { UserError } from "../../etl/run/error.ts";
import { firstDamage } from "../../etl/store/damage.ts";
import { type Database, literal, onOneThread, row, rows } from "../../etl/store/duckdb.ts";
import { relation } from "../../etl/store/parquet.ts";
import type { DataPaths } from "../../etl/store/paths.ts";
import { POSTS, REPLICATES } from "../../etl/store/tables.ts";
import { LABEL_OF_POST } from "../../etl/labels/label_file.ts";
import { anchorTurnSql, loadAnchors } from "./anchor_draw.ts";
import { AnswerSegment } from "../../etl/answers/answer_segment.ts";
import type { QueuedPost } from "./asked_post.ts";
import type { PaidClassifier } from "./paid_classifier.ts";

/** UTC days from the start of one round to the next. */
const ROUND_DAYS = 7;
const DAY_MS = 86_400_000;
/** Anchors per look-up of contexts. */
const PAGE = 1024;

/** How a round of anchors is asked about. */
export interface RoundOptions {
  /** Number of anchors; undefined where the study wants none. */
  anchors: { posts: number } | undefined;
  /** Gives contexts; for classifiers that need them. */
  contexts?: PostContexts | undefined;
  /** False in a dry run. */
  isAsked: boolean;
}

/**
 * The due round of a label set's anchors: all are asked about as if for the first time.
 *
 * The first round comes as soon as there are anchors. It measures how far the labeller agrees with itself
 * without any change. The next begins on the seventh UTC day after that, or with the first run
 * after it. The next run finishes a stopped round, until the next round begins.
 */
export class ReplicateRound {
  /** From 1; 0 where none is due. */
  number = 0;
  /** Anchors that are to be asked about. */
  left = 0;
  readonly #labelSetId: string;

  constructor(
    readonly database: Database,
    readonly paths: DataPaths,
    readonly classifier: PaidClassifier,
    readonly options: RoundOptions,
  ) {
    this.#labelSetId = labelSetId(classifier.labelSet);
  }

  /** Find the due round; gives the errors of damaged files, with which none is due. */
  async open(): Promise<UserError[]> {
    const { anchors, isAsked } = this.options;
    if (anchors === undefined) return [];
    const { database, paths, classifier } = this;
    const draw = {
      classifier: classifier.name,
      labelSetId: this.#labelSetId,
      posts: anchors.posts,
      isKept: isAsked,
    };
    try {
      await onOneThread(database, async () => {
        await loadAnchors(database, paths, draw);
        await this.#findDue();
      });
      return [];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return [error];
    }
  }

  /** Start a segment for the answers. */
  segment(): Promise<AnswerSegment> {
    const folder = this.paths.replicateAnswers(this.classifier.name, this.#labelSetId);
    return AnswerSegment.create(folder, { round: this.number });
  }

  /** Give the anchors that are due, with their contexts. */
  async *posts(): AsyncGenerator<QueuedPost, void> {
    const { database, paths, options: { contexts, isAsked } } = this;
    if (this.left === 0) return;
    const days = await this.#days();
    await contexts?.prepare("due_anchors", ...days);
    const columns = contexts ? CONTEXT_COLUMNS.map((name) => `, p.${name}`).join("") : "";
    const posts = await rows<QueuedPost & ContextRow & Record<string, unknown>>(
      database,
      `SELECT l.date, p.uri, p.cid, coalesce(p.text, '') AS text, p.text_hash,
         p.detected_language, 0 AS turn, false AS is_repeated${columns}
       FROM ${relation(POSTS, days.flatMap((day) => paths.filesOfDay("posts", day)))} p
       JOIN due_anchors l ON ${LABEL_OF_POST} ORDER BY ${anchorTurnSql("p.uri")}`,
    );
    for (let from = 0; from < posts.length; from += PAGE) {
      const page = posts.slice(from, from + PAGE);
      yield* contexts ? await withContexts(contexts, page, isAsked) : page;
    }
  }

  async #findDue(): Promise<void> {
    const { database, paths, classifier: { name } } = this;
    const files = paths.files(`replicates/${name}`).map(({ path }) => path);
    const damaged = await firstDamage(database, files, `ask about the anchors of ${name}`);
    if (damaged) throw damaged;
    await database.run(`CREATE OR REPLACE TEMP TABLE replicated AS
      SELECT uri, cid, text_hash, round, label_timestamp,
        was_successfully_labeled OR reason NOT IN (${PASSING_REASONS.map(literal)}) AS is_done
      FROM ${relation(REPLICATES, files)} WHERE label_set_id = ${literal(this.#labelSetId)}`);
    const { round, began } = await row<{ round: number | null; began: string | null }>(
      database,
      `SELECT max(round) AS round, min(label_timestamp)::DATE AS began FROM replicated
       WHERE round = (SELECT max(round) FROM replicated)`,
    );
    const age = began === null ? 0 : (Date.parse(utcDay(now())) - Date.parse(began)) / DAY_MS;
    const number = round === null ? 1 : age >= ROUND_DAYS ? round + 1 : round;
    await database.run(`CREATE OR REPLACE TEMP TABLE due_anchors AS
      SELECT date, uri, cid, text_hash, hash(uri) AS post FROM anchors a
      WHERE NOT EXISTS (FROM replicated r WHERE r.uri = a.uri AND round = ${number} AND is_done)`);
    await database.run("DROP TABLE replicated; DROP TABLE anchors");
    // Posts that were deleted or hidden since are in no table of posts.
    const days = await this.#days();
    const { left } = await row<{ left: number }>(
      database,
      `SELECT count(*) AS left
       FROM ${relation(POSTS, days.flatMap((day) => paths.filesOfDay("posts", day)))} p
       JOIN due_anchors l ON ${LABEL_OF_POST}`,
    );
    [this.number, this.left] = left > 0 ? [number, left] : [0, 0];
  }

  async #days(): Promise<string[]> {
    const found = await rows<{ date: string }>(
      this.database,
      "SELECT DISTINCT date FROM due_anchors ORDER BY date",
    );
    return found.map(({ date }) => date);
  }
}
