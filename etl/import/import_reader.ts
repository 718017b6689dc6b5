import type { HumanLabel } from "../labels/human_labels.ts";
import { readRow, RowError } from "./import_row.ts";
import type { GivenLabel } from "../labels/given_labels.ts";
import { readScores } from "./imported_scores.ts";
import { now } from "../run/clock.ts";
import { toJson } from "../store/json.ts";
import type { Quarantine } from "../store/quarantine.ts";

/** Which columns of a file are labels, beside those that have a meaning of their own. */
export interface LabelColumns {
  /** Human labels. */
  variables: string[];
  /** Coder of the labels, if there is no column `coder`. */
  coder: string | undefined;
  /** Scores of a classifier. */
  scores: string[];
}

/** Reads rows of an import one by one: posts to journal, labels to land, the rest to set aside. */
export class ImportReader {
  readonly posts: Record<string, unknown>[] = [];
  readonly labels = new Map<string, HumanLabel>();
  readonly scores = new Map<string, GivenLabel>();
  hereBefore = 0;
  #inFile = new Map<string, string>();

  /** `before` holds uri, time and text of every import that has landed, each on a line of its own. */
  constructor(
    readonly quarantine: Quarantine,
    readonly before: Set<string>,
    readonly columns: LabelColumns,
  ) {}

  take(fields: Record<string, string> | undefined, raw: string[], where: Record<string, unknown>) {
    try {
      if (fields === undefined) throw new RowError("wrong_number_of_fields");
      const post = readRow(fields, now());
      const content = `${post.uri}\n${post.created_at}\n${post.text}`;
      const earlier = this.#inFile.get(post.uri);
      if (earlier !== undefined && earlier !== content) throw new RowError("uri_twice");
      const [label, score] = [this.#label(post, fields), this.#score(post, fields)];
      if (label) this.labels.set(`${post.uri}\n${label.coder}`, label);
      if (score) this.scores.set(post.uri, score);
      if (earlier !== undefined) return;
      this.#inFile.set(post.uri, content);
      if (this.before.has(content)) this.hereBefore++;
      else this.posts.push({ ...EMPTY, ...post, record: toJson(fields) });
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      this.quarantine.add(error.message, where, toJson(fields ?? raw));
    }
  }

  #label(
    post: ReturnType<typeof readRow>,
    fields: Record<string, string>,
  ): HumanLabel | undefined {
    const given = this.columns.variables.flatMap((column) => {
      const value = fields[column]!.trim();
      return value === "" ? [] : [[column, value] as const];
    });
    if (given.length === 0) return undefined;
    const coder = fields.coder?.trim() || this.columns.coder || null;
    const labels = Object.fromEntries(given);
    const earlier = this.labels.get(`${post.uri}\n${coder}`);
    if (earlier && !isSame(earlier.labels, labels)) throw new RowError("labels_twice");
    return { uri: post.uri, text: post.text, day: post.created_at.slice(0, 10), coder, labels };
  }

  #score(
    post: ReturnType<typeof readRow>,
    fields: Record<string, string>,
  ): GivenLabel | undefined {
    const values = readScores(fields, this.columns.scores);
    if (Object.keys(values).length === 0) return undefined;
    const earlier = this.scores.get(post.uri);
    if (earlier && !isSame(earlier.values, values)) throw new RowError("scores_twice");
    const day = post.created_at.slice(0, 10);
    return { uri: post.uri, text: post.text, day, coder: null, values };
  }
}

/** Values that a CSV row does not have. */
const EMPTY = { image_alts: [], hashtags: [], links: [], self_labels: [] };

function isSame(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
