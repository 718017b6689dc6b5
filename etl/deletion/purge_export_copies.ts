import { join } from "node:path";
import { textEncoding } from "../run/text_encoding.ts";
import type { Context } from "../command/command.ts";
import { type Database, literal, row, rows } from "../store/duckdb.ts";
import { namesIn } from "../store/if_there.ts";
import type { DataPaths } from "../store/paths.ts";
import { replaceFile } from "../store/whole_file.ts";

/** Columns by which a copy of an export is known, in any case and order, among others. */
const EXPORT_COLUMNS = ["post_key", "author_key", "date"];
/** What spreadsheets and statistics programs write between fields. */
const DELIMITERS = [",", ";", "\t", "|"];
/** Keyed hashes, addresses and links of posts, and dids, as they stand in a text. */
const SUBJECT =
  /(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])|(did:[a-z]+:[\w.%:-]+)(?:\/(?:app\.bsky\.feed\.)?post\/([\w.~:-]+))?/g;
/** No key or address is longer; pieces of a text overlap by this. */
const LONGEST = 1000;

/** What was removed. */
export interface Removed {
  /** Keys as exports have them. */
  keys: ReadonlySet<string>;
  /** Is an address or a did that of what was removed? Each is hashed for it. */
  has(subject: string): boolean;
}

/**
 * Remove rows that a condition holds for from copies of exports in the folder `exports`; gives how many.
 *
 * Every file but `parquet` is searched, the CSV files of exports too, which somebody may have saved again. A
 * copy is a text with the columns of an export, whatever stands between its fields, compressed with gzip
 * or not; of any other file that names what was removed a warning says so.
 */
export async function purgeExportCopies(
  { database, paths, warn }: Pick<Context, "database" | "paths" | "warn">,
  parquet: string[],
  condition: string,
  removed: Removed,
): Promise<number> {
  let touched = 0;
  for (const path of copies(paths, parquet)) {
    const kind = await kindOf(path);
    const named = await search(path, kind, removed);
    if (named === undefined) {
      warn(`${path} cannot be searched for what was removed: purge it by hand, or remove it`);
    }
    if (!named) continue;
    const copy = await describeCopy(database, path, kind);
    if (copy === undefined) {
      warn(
        `${path} has ${named} keys or addresses of what was removed, and cannot be read as a copy of an ` +
          "export: purge it by hand, or remove it",
      );
      continue;
    }
    const { matches } = await row<{ matches: number }>(
      database,
      `SELECT count(*) AS matches FROM ${copy.from} WHERE ${condition}`,
    );
    if (matches === 0) continue;
    const left = `FROM ${copy.from} WHERE NOT coalesce(${condition}, false)`;
    await replaceFile(
      path,
      (beside) => database.run(`COPY (${left}) TO ${literal(beside)} (${copy.written})`),
    );
    touched += matches;
  }
  return touched;
}

/** List the files beside Parquet files; a codebook names no post. */
function copies(paths: DataPaths, parquet: string[]): string[] {
  return namesIn(paths.exports()).filter((name) => !/\.codebook\.md$|\.part$/.test(name))
    .map((name) => join(paths.exports(), name))
    .filter((path) => !parquet.includes(path) && Deno.statSync(path).isFile);
}

/** Count the keys and addresses of removed posts and accounts in a file; undefined where it is no text. */
async function search(
  path: string,
  { isGzip, encoding }: Kind,
  removed: Removed,
): Promise<number | undefined> {
  using file = await Deno.open(path);
  const bytes = isGzip ? file.readable.pipeThrough(new DecompressionStream("gzip")) : file.readable;
  const found = new Set<string>();
  let rest = "";
  try {
    for await (const piece of bytes.pipeThrough(new TextDecoderStream(encoding))) {
      if (piece.includes("\0")) return undefined;
      const text = rest + piece;
      for (const [whole, did, rkey] of text.matchAll(SUBJECT)) {
        if (did === undefined) {
          if (removed.keys.has(whole)) found.add(whole);
        } else if (removed.has(did)) {
          found.add(did);
        } else if (rkey !== undefined) {
          const uri = `at://${did}/app.bsky.feed.post/${rkey}`;
          if (removed.has(uri)) found.add(uri);
        }
      }
      rest = text.slice(-LONGEST);
    }
  } catch (error) {
    // What is no whole gzip file, or no text in its encoding.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
  return found.size;
}

/** What the first bytes of a file say of it. */
interface Kind {
  isGzip: boolean;
  encoding: string;
}

async function kindOf(path: string): Promise<Kind> {
  using file = await Deno.open(path);
  const head = new Uint8Array(2);
  await file.read(head);
  return { isGzip: head[0] === 0x1f && head[1] === 0x8b, encoding: textEncoding(head) };
}

/** Find out how a copy of an export is read and written; undefined where it is none that DuckDB reads. */
async function describeCopy(
  database: Database,
  path: string,
  { isGzip, encoding }: Kind,
): Promise<{ from: string; written: string } | undefined> {
  if (encoding !== "utf-8") return undefined;
  const compression = isGzip ? "gzip" : "none";
  for (const delimiter of DELIMITERS) {
    const from = `read_csv(${literal(path)}, header = true, delim = ${literal(delimiter)},
      quote = '"', escape = '"', all_varchar = true, allow_quoted_nulls = false,
      compression = ${literal(compression)})`;
    const columns = await rows<{ column_name: string }>(database, `DESCRIBE FROM ${from}`)
      // What DuckDB says of a CSV quotes it; the caller says that it cannot be read.
      .catch(() => []);
    const names = columns.map(({ column_name }) => column_name.trim().toLowerCase());
    if (!EXPORT_COLUMNS.every((name) => names.includes(name))) continue;
    return {
      from,
      written: `FORMAT csv, HEADER, DELIMITER ${literal(delimiter)}, COMPRESSION ${compression}`,
    };
  }
  return undefined;
}
