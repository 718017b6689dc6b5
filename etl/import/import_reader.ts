import { isMissingText, readAnswer } from "./cell.ts";
import type { Columns } from "./columns.ts";
import {
  type ImportedPost,
  type LabelledPost,
  NO_TIME,
  NoTimeError,
  readRow,
  RowError,
} from "./import_row.ts";
import { LabelsOfFile } from "./labels_of_file.ts";
import { readKeyTime } from "./key_time.ts";
import { addCounts, hasCounts, type ImportedRows } from "./imported_rows.ts";
import { readScores } from "./imported_scores.ts";
import { now } from "../run/clock.ts";
import { comparedText, isBlank, isOneText } from "../labels/same_text.ts";
import { toJson } from "../store/json.ts";
import type { Quarantine } from "../store/quarantine.ts";

/** Lines that are named of cells that could not be read. */
const NAMED_LINES = 5;

/** Which columns of a file are labels, beside those that have a meaning of their own. */
export interface LabelColumns {
  /** Human labels. */
  variables: string[];
  /** Coder of the labels, if there is no column `coder`. */
  coder: string | undefined;
  /** Columns of the file with scores of a classifier, by their names in its table. */
  scores: Record<string, string>;
}

/** A row that counts a post again, without saying when. */
interface Recount {
  post: ImportedPost;
  record: string;
}

/** A row of a file. */
interface FileRow {
  fields: Record<string, string> | undefined;
  raw: string[];
  where: { file: string; line: number };
}

/** Reads rows of an import one by one: posts to journal, labels to land, the rest to set aside. */
export class ImportReader {
  readonly posts: Record<string, unknown>[] = [];
  readonly labels = new LabelsOfFile();
  readonly scores = new LabelsOfFile();
  /** Posts and coders of rows whose cells of labels are all empty, as `uri\ncoder`. */
  readonly unlabelled = new Set<string>();
  /** Labels and scores of posts that are not here, and do not come with the file. */
  withoutPost = 0;
  /** How many cells of an optional column could not be read, with the first of their lines. */
  readonly unreadable = new Map<string, { cells: number; lines: number[] }>();
  /** Posts with labels whose row does not land, as an earlier import brought it. */
  readonly labelledBefore = new Set<string>();
  hereBefore = 0;
  /** Rows that land of posts that are here: with another time or text, or counting them again. */
  copies = 0;
  newCounts = 0;
  /** Counts that landed without the time at which they were taken. */
  undatedCounts = 0;
  missingTexts = 0;
  /** Rows of which the first row of their post has another time, another text, or either. */
  readonly differing = { rows: 0, created_at: 0, text: 0 };
  /** Time of each post, and its text where all rows that have one say the same. */
  #inFile = new Map<string, { created_at: string; text: string; hasOthers: boolean }>();
  #recounts = new Map<string, Recount>();
  /** Rows whose post may be known, by uri; they have no time of their own. */
  #waiting = new Map<FileRow, string>();

  /** `landed` holds the rows of every import that has landed. */
  constructor(
    readonly quarantine: Quarantine,
    readonly landed: ImportedRows,
    readonly columns: Columns,
    readonly labelColumns: LabelColumns,
  ) {}

  /** Take a row; `known` gives times of posts by uri, and without it a row that has no time waits. */
  take(row: FileRow, known?: ReadonlyMap<string, string>) {
    const { fields, raw, where } = row;
    try {
      if (fields === undefined) throw new RowError("wrong_number_of_fields");
      const { post, unreadable } = readRow(
        fields,
        this.columns,
        now(),
        (uri) => this.landed.first(uri)?.created_at ?? known?.get(uri),
      );
      const isMissing = post.text !== (fields[this.columns.text[0] ?? ""] ?? "");
      const earlier = this.#inFile.get(post.uri);
      const first = this.landed.first(post.uri);
      const differs = {
        created_at: first !== undefined && !isDayAlone(first.created_at) &&
          post.created_at !== first.created_at,
        text: this.columns.text.length > 0 && first !== undefined && !isBlank(first.text) &&
          comparedText(post.text) !== comparedText(first.text),
      };
      if (earlier && !isDayAlone(earlier.created_at)) post.created_at = earlier.created_at;
      const hasLabel = this.#takeLabels(post, fields, unreadable);
      // A row without a text is no look at a post without one.
      if (earlier && isBlank(post.text)) post.text = earlier.text;
      for (const column of unreadable) this.#countUnreadable(column, where.line);
      if (differs.created_at || differs.text) this.differing.rows++;
      if (differs.created_at) this.differing.created_at++;
      if (differs.text) this.differing.text++;
      const isHere = this.#isHere(post, known);
      if (earlier === undefined && isMissing) this.missingTexts++;
      const isKnown = isHere || first !== undefined || known?.has(post.uri) === true;
      if (earlier === undefined && isKnown) this.hereBefore++;
      this.#remember(post);
      if (hasLabel && isHere) this.labelledBefore.add(post.uri);
      if (!isHere && isKnown) this.copies++;
      this.#land(post, toJson(fields), isHere);
    } catch (error) {
      if (error instanceof NoTimeError && known === undefined) {
        this.#waiting.set(row, error.post.uri);
        return;
      }
      const reason = error instanceof NoTimeError ? this.#keepLabels(error, fields!) : error;
      if (reason === undefined) return;
      if (!(reason instanceof RowError)) throw reason;
      this.quarantine.add(reason.message, where, toJson(fields ?? raw));
    }
  }

  /** Keep the labels of a post that is not here, until it is; gives why the row is set aside, if it is. */
  #keepLabels(error: NoTimeError, fields: Record<string, string>): unknown {
    const inKey = readKeyTime(error.post.rkey)?.getTime() ?? Infinity;
    const created_at = new Date(Math.min(inKey, now().getTime())).toISOString();
    try {
      if (!this.#takeLabels({ ...error.post, created_at }, fields, [])) return error;
    } catch (twice) {
      return twice;
    }
    this.withoutPost++;
    // A time that cannot be read would have brought the post itself.
    return error.message === NO_TIME ? undefined : error;
  }

  /** Take the rows that wait, of posts that `find` knows; `most` may go on waiting. */
  async settle(most: number, find: (uris: string[]) => Promise<ReadonlyMap<string, string>>) {
    if (this.#waiting.size <= most) return;
    const known = await find([...new Set(this.#waiting.values())]);
    const rows = [...this.#waiting.keys()];
    this.#waiting.clear();
    for (const row of rows) this.take(row, known);
  }

  /** Take what only the whole file tells: the last counts without a time, and texts of labels without one. */
  finish() {
    for (const { post, record } of this.#recounts.values()) this.#push(post, record);
    this.newCounts += this.#recounts.size;
    this.#recounts.clear();
    for (const label of [...this.labels, ...this.scores]) {
      const inFile = this.#inFile.get(label.uri);
      // Which of several texts was labelled nobody knows.
      if (isBlank(label.text) && inFile?.hasOthers === false) label.text = inFile.text;
    }
  }

  /** Would the row say nothing but its counts that is not here? */
  #isHere(post: ImportedPost, known?: ReadonlyMap<string, string>): boolean {
    const time = this.landed.first(post.uri)?.created_at ?? known?.get(post.uri);
    return this.landed.has(post) || isBlank(post.text) && post.created_at === time;
  }

  #land(post: ImportedPost, record: string, isHere: boolean) {
    if (!isHere) {
      this.#push(post, record);
    } else if (hasCounts(post) && post.counted_at === null) {
      // The last row of the file stands, as it would if the file were read again.
      const counted = {
        ...post,
        ...addCounts(this.#recounts.get(post.uri)?.post, post),
      };
      if (this.landed.knowsCounts(counted)) this.#recounts.delete(post.uri);
      else this.#recounts.set(post.uri, { post: counted, record });
    } else if (!this.landed.knowsCounts(post)) {
      this.newCounts++;
      this.#push(post, record);
    }
  }

  #remember({ uri, created_at, text }: ImportedPost) {
    const earlier = this.#inFile.get(uri);
    const hasOthers = earlier !== undefined &&
      (earlier.hasOthers || !isOneText(text, earlier.text));
    const first = isBlank(earlier?.text ?? "") ? text : earlier!.text;
    this.#inFile.set(uri, { created_at, text: first, hasOthers });
  }

  #push(post: ImportedPost, record: string) {
    if (hasCounts(post) && post.counted_at === null) this.undatedCounts++;
    this.landed.add(post);
    this.posts.push({ ...EMPTY, ...post, record });
  }

  #countUnreadable(column: string, line: number) {
    const { cells, lines } = this.unreadable.get(column) ?? { cells: 0, lines: [] };
    if (lines.length < NAMED_LINES) lines.push(line);
    this.unreadable.set(column, { cells: cells + 1, lines });
  }

  /** Take the labels and scores of a row; false where it has none. */
  #takeLabels(
    post: LabelledPost,
    fields: Record<string, string>,
    unreadable: string[],
  ): boolean {
    const answers = this.labelColumns.variables.flatMap((column) => {
      const value = readAnswer(fields[column]!);
      return value === null ? [] : [[column, value] as const];
    });
    const scores = Object.entries(readScores(fields, this.labelColumns.scores, unreadable));
    const { uri, cid, text } = post;
    const given = { uri, cid, text, day: post.created_at.slice(0, 10) };
    const named = fields[this.columns.coder[0] ?? ""]?.trim() ?? "";
    const coder = isMissingText(named) ? this.labelColumns.coder ?? null : named;
    const label = { ...given, coder, values: Object.fromEntries(answers) };
    const [hasAnswers, hasScores] = [answers.length > 0, scores.length > 0];
    const score = { ...given, coder: null, values: Object.fromEntries(scores) };
    if (hasAnswers && !this.labels.canTake(label)) throw new RowError("labels_twice");
    if (hasScores && !this.scores.canTake(score)) throw new RowError("scores_twice");
    if (hasAnswers) this.labels.add(label);
    else if (this.labelColumns.variables.length > 0) this.unlabelled.add(`${uri}\n${coder}`);
    if (hasScores) this.scores.add(score);
    return hasAnswers || hasScores;
  }
}

/** A day alone is its midnight, and yields to a time (see `indexImports` in `etl/preprocess`). */
function isDayAlone(created_at: string): boolean {
  return created_at.endsWith("T00:00:00.000Z");
}

/** Values that a CSV row does not have. */
const EMPTY = { image_alts: [], hashtags: [], links: [], self_labels: [] };
