import type { HumanLabel } from "./human_labels.ts";
import { isMissingText, readAnswer } from "./cell.ts";
import type { Columns } from "./columns.ts";
import { type ImportedPost, NoTimeError, readRow, RowError } from "./import_row.ts";
import type { GivenLabel } from "./given_labels.ts";
import { addCounts, hasCounts, type ImportedRows } from "./imported_rows.ts";
import { readScores } from "./imported_scores.ts";
import { now } from "../run/clock.ts";
import { comparedText, isCutFrom } from "../labels/same_text.ts";
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
  readonly labels = new Map<string, HumanLabel>();
  readonly scores = new Map<string, GivenLabel>();
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
  /** Time and text of each post. */
  #inFile = new Map<string, { created_at: string; text: string }>();
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
      if (earlier !== undefined && !isOneText(post.text, earlier.text)) {
        throw new RowError("uri_twice");
      }
      const first = this.landed.first(post.uri);
      const differs = {
        created_at: first !== undefined && !isDayAlone(first.created_at) &&
          post.created_at !== first.created_at,
        text: this.columns.text.length > 0 && first !== undefined && !isBlank(first.text) &&
          comparedText(post.text) !== comparedText(first.text),
      };
      // Rows of two coders' tools may write one text in two ways: that which lands counts.
      if (earlier !== undefined) Object.assign(post, joined(post, earlier));
      const [label, score] = [this.#label(post, fields), this.#score(post, fields, unreadable)];
      if (label) this.labels.set(`${post.uri}\n${label.coder}`, label);
      if (score) this.scores.set(post.uri, score);
      for (const column of unreadable) this.#countUnreadable(column, where.line);
      if (differs.created_at || differs.text) this.differing.rows++;
      if (differs.created_at) this.differing.created_at++;
      if (differs.text) this.differing.text++;
      const isHere = this.#isHere(post, known);
      if (earlier === undefined && isMissing) this.missingTexts++;
      if (earlier === undefined && isHere) this.hereBefore++;
      const { created_at, text } = post;
      this.#inFile.set(post.uri, {
        created_at,
        text: isBlank(text) ? earlier?.text ?? text : text,
      });
      if ((label || score) && isHere) this.labelledBefore.add(post.uri);
      if (!isHere && (first !== undefined || known?.has(post.uri))) this.copies++;
      this.#land(post, toJson(fields), isHere);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      if (error instanceof NoTimeError && known === undefined) this.#waiting.set(row, error.uri);
      else this.quarantine.add(error.message, where, toJson(fields ?? raw));
    }
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
    for (const label of [...this.labels.values(), ...this.scores.values()]) {
      if (isBlank(label.text)) label.text = this.#inFile.get(label.uri)!.text;
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

  #label(post: ImportedPost, fields: Record<string, string>): HumanLabel | undefined {
    const given = this.labelColumns.variables.flatMap((column) => {
      const value = readAnswer(fields[column]!);
      return value === null ? [] : [[column, value] as const];
    });
    if (given.length === 0) return undefined;
    const named = fields[this.columns.coder[0] ?? ""]?.trim() ?? "";
    const coder = isMissingText(named) ? this.labelColumns.coder ?? null : named;
    const labels = Object.fromEntries(given);
    const earlier = this.labels.get(`${post.uri}\n${coder}`);
    if (earlier && !isSame(earlier.labels, labels)) throw new RowError("labels_twice");
    return { ...ofPost(post), coder, labels };
  }

  #score(
    post: ImportedPost,
    fields: Record<string, string>,
    unreadable: string[],
  ): GivenLabel | undefined {
    const values = readScores(fields, this.labelColumns.scores, unreadable);
    if (Object.keys(values).length === 0) return undefined;
    const earlier = this.scores.get(post.uri);
    if (earlier && !isSame(earlier.values, values)) throw new RowError("scores_twice");
    return { ...ofPost(post), coder: null, values };
  }
}

/** Are the texts of two rows one, of which a tool may have left a beginning, or nothing? */
function isOneText(a: string, b: string): boolean {
  return isBlank(a) || isBlank(b) || comparedText(a) === comparedText(b) || isCutFrom(a, b) ||
    isCutFrom(b, a);
}

/** Give the time of the row before where it is one, and its text where that says the same or this one nothing. */
function joined(post: ImportedPost, earlier: { created_at: string; text: string }) {
  const isSame = isBlank(post.text) ||
    comparedText(post.text, "NFC") === comparedText(earlier.text, "NFC");
  return {
    created_at: isDayAlone(earlier.created_at) ? post.created_at : earlier.created_at,
    text: isSame ? earlier.text : post.text,
  };
}

/** A day alone is its midnight, and yields to a time (see `indexImports` in `etl/preprocess`). */
function isDayAlone(created_at: string): boolean {
  return created_at.endsWith("T00:00:00.000Z");
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}

function ofPost({ uri, cid, text, created_at }: ImportedPost) {
  return { uri, cid, text, day: created_at.slice(0, 10) };
}

/** Values that a CSV row does not have. */
const EMPTY = { image_alts: [], hashtags: [], links: [], self_labels: [] };

function isSame(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
