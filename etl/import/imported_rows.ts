import { COUNT_COLUMNS } from "./columns.ts";
import type { ImportedPost } from "./import_row.ts";
import { comparedText } from "../labels/same_text.ts";
import { type Database, rows } from "../store/duckdb.ts";
import { rawRows } from "../raw/raw_rows.ts";

/** What a row says of a post, its counts left out. */
type Content = Pick<ImportedPost, "uri" | "created_at" | "text">;
type Counts = Pick<ImportedPost, typeof COUNT_COLUMNS[number]>;
type Counted = Counts & Pick<ImportedPost, "uri" | "counted_at">;

/** The rows of imports that have landed, those of the file that is read among them. */
export class ImportedRows {
  /** What the first row of a post said, by uri; texts as they are compared. */
  readonly #first = new Map<string, { created_at: string; text: string }>();
  /** What later ones said otherwise. */
  readonly #others = new Set<string>();
  readonly #dated = new Set<string>();
  /** The last counts without a time, by uri. */
  readonly #undated = new Map<string, Counts>();

  /** Read the rows that earlier imports brought, from raw parts. */
  static async read(database: Database, files: string[]): Promise<ImportedRows> {
    const landed = await rows<Content & Counted & Record<string, unknown>>(
      database,
      `SELECT uri, created_at, text, ${COUNT_COLUMNS.join(", ")},
         strftime(counted_at, '%Y-%m-%dT%H:%M:%S.%gZ') AS counted_at
       FROM ${rawRows(files)} ORDER BY seen_at, file, row`,
    );
    const imported = new ImportedRows();
    for (const post of landed) imported.add(post);
    return imported;
  }

  add(post: Content & Counted) {
    if (!this.has(post)) {
      const { uri, created_at } = post;
      const text = comparedText(post.text, "NFC");
      if (this.#first.has(uri)) this.#others.add([uri, created_at, text].join("\n"));
      else this.#first.set(uri, { created_at, text });
    }
    if (!hasCounts(post)) return;
    if (post.counted_at !== null) this.#dated.add(keyOf(post));
    else this.#undated.set(post.uri, addCounts(this.#undated.get(post.uri), post));
  }

  /** Has a post landed with this time and text? It may have gone through another tool's table. */
  has({ uri, created_at, text }: Content): boolean {
    const first = this.#first.get(uri);
    if (first === undefined) return false;
    const compared = comparedText(text, "NFC");
    return first.created_at === created_at && first.text === compared ||
      this.#others.has([uri, created_at, compared].join("\n"));
  }

  /** Give what the first row of a post said of it. */
  first(uri: string): { created_at: string; text: string } | undefined {
    return this.#first.get(uri);
  }

  /** Would the counts of a row change nothing? Without a time, they are compared with the last such ones. */
  knowsCounts(post: Counted): boolean {
    if (post.counted_at !== null) return !hasCounts(post) || this.#dated.has(keyOf(post));
    const last = this.#undated.get(post.uri);
    return COUNT_COLUMNS.every((name) => post[name] === null || post[name] === last?.[name]);
  }
}

/** Has a row any count? */
export function hasCounts(post: Counts): boolean {
  return COUNT_COLUMNS.some((name) => post[name] !== null);
}

/** Give the counts of a later row, and those of an earlier one that it lacks. */
export function addCounts(earlier: Counts | undefined, later: Counts): Counts {
  return Object.fromEntries(
    COUNT_COLUMNS.map((name) => [name, later[name] ?? earlier?.[name] ?? null]),
  ) as Counts;
}

function keyOf(post: Counted): string {
  return [post.uri, post.counted_at, ...COUNT_COLUMNS.map((name) => post[name])].join("\n");
}
