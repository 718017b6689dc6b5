import type { HumanLabel } from "./human_labels.ts";
import { isMissingText, readAnswer } from "./cell.ts";
import { type Columns, COUNT_COLUMNS } from "./columns.ts";
import { type ImportedPost, readRow, RowError } from "./import_row.ts";
import type { GivenLabel } from "./given_labels.ts";
import { readScores } from "./imported_scores.ts";
import { now } from "../run/clock.ts";
import { comparedText } from "../labels/same_text.ts";
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
  /** Rows that count a post again that is here. */
  newCounts = 0;
  /** Counts that landed without the time at which they were taken. */
  undatedCounts = 0;
  missingTexts = 0;
  /** The first row of each post. */
  #inFile = new Map<string, { content: string; text: string }>();
  #counted = new Set<string>();

  /** `before` holds the content of every import that has landed, and its counts (see `contentOf`). */
  constructor(
    readonly quarantine: Quarantine,
    readonly before: Set<string>,
    readonly columns: Columns,
    readonly labelColumns: LabelColumns,
  ) {}

  take(
    fields: Record<string, string> | undefined,
    raw: string[],
    where: { file: string; line: number },
  ) {
    try {
      if (fields === undefined) throw new RowError("wrong_number_of_fields");
      const { post, unreadable } = readRow(fields, this.columns, now());
      const content = contentOf(post);
      const earlier = this.#inFile.get(post.uri);
      if (earlier !== undefined && earlier.content !== content) throw new RowError("uri_twice");
      const isMissing = post.text !== fields[this.columns.text[0]!];
      // Rows of two coders' tools may write one text in two ways: that which lands counts.
      post.text = earlier?.text ?? post.text;
      const [label, score] = [this.#label(post, fields), this.#score(post, fields, unreadable)];
      if (label) this.labels.set(`${post.uri}\n${label.coder}`, label);
      if (score) this.scores.set(post.uri, score);
      if ((label || score) && this.before.has(content)) this.labelledBefore.add(post.uri);
      for (const column of unreadable) {
        const { cells, lines } = this.unreadable.get(column) ?? { cells: 0, lines: [] };
        if (lines.length < NAMED_LINES) lines.push(where.line);
        this.unreadable.set(column, { cells: cells + 1, lines });
      }
      const isNew = earlier === undefined && !this.before.has(content);
      const counts = countsOf(post);
      const isCounted = counts === undefined || this.before.has(counts) ||
        this.#counted.has(counts);
      if (earlier === undefined) {
        this.#inFile.set(post.uri, { content, text: post.text });
        if (isMissing) this.missingTexts++;
        if (!isNew) this.hereBefore++;
      }
      if (!isNew && isCounted) return;
      if (!isNew) this.newCounts++;
      if (counts !== undefined) this.#counted.add(counts);
      if (counts !== undefined && post.counted_at === null) this.undatedCounts++;
      this.posts.push({ ...EMPTY, ...post, record: toJson(fields) });
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      this.quarantine.add(error.message, where, toJson(fields ?? raw));
    }
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

/** Give what makes two rows the same post: its text is that of another tool's table too. */
export function contentOf(
  { uri, created_at, text }: Pick<ImportedPost, "uri" | "created_at" | "text">,
): string {
  return `${uri}\n${created_at}\n${comparedText(text)}`;
}

/** Give what makes two rows the same look at the counts of a post; nothing for a row without counts. */
export function countsOf(
  post: Pick<ImportedPost, "uri" | "counted_at" | typeof COUNT_COLUMNS[number]>,
): string | undefined {
  const counts = COUNT_COLUMNS.map((name) => post[name]);
  if (counts.every((count) => count === null)) return undefined;
  return [post.uri, post.counted_at, ...counts].join("\n");
}

function ofPost({ uri, cid, text, created_at }: ImportedPost) {
  return { uri, cid, text, day: created_at.slice(0, 10) };
}

/** Values that a CSV row does not have. */
const EMPTY = { image_alts: [], hashtags: [], links: [], self_labels: [] };

function isSame(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
