/** Which columns of a file mean what. */

/** Columns without which a file cannot be imported; one of labels needs the first alone. */
const REQUIRED_COLUMNS = ["uri", "created_at", "text"] as const;
/** Columns of a CSV file with counts of a post. */
export const COUNT_COLUMNS = ["like_count", "repost_count", "reply_count", "quote_count"] as const;

/** Names of columns that say by themselves that they name the post of their row. */
const OWN_URI = ["uri", "at_uri", "post_uri"];

/**
 * Names by which other tools call a column, 4CAT and minet among them; the first that a file has is
 * taken. Of those of `uri` behind `post_uri`, which may hold other things, `namingColumn` finds out.
 */
const SYNONYMS = {
  uri: ["at_uri", "post_uri", "id", "url", "post_url", "link", "permalink"],
  created_at: ["record_created_at", "published_at", "date_created", "timestamp_utc", "timestamp"],
  text: ["body", "content", "post_text", "full_text"],
  cid: ["post_cid"],
  like_count: ["likes"],
  repost_count: ["reposts"],
  reply_count: ["replies"],
  quote_count: ["quotes"],
  counted_at: [
    "collected_at",
    "collection_time",
    "retrieved_at",
    "fetched_at",
    "crawled_at",
    "scraped_at",
  ],
  coder: ["annotator", "rater"],
} as const;

type ColumnName = keyof typeof SYNONYMS;

/** The columns of a file by what they mean, as the file names them. */
export type Columns = Record<ColumnName, string[]>;

/** Find out what the columns of a file mean; case, blanks and the like in their names do not matter. */
export function understand(header: string[]): Columns {
  const found = Object.entries(SYNONYMS).map(([name, others]) => {
    const named = [name, ...others].flatMap((known) =>
      header.filter((column) => column === known).concat(
        header.filter((column) => column !== known && plain(column) === plain(known)),
      )
    );
    return [name, named];
  });
  const columns = Object.fromEntries(found) as Columns;
  const own = columns.uri.find((column) => OWN_URI.some((name) => plain(name) === plain(column)));
  if (own !== undefined) columns.uri = [own];
  // minet appends links and media to `text`, and keeps what the author wrote beside it.
  if (["original_text", "timestamp_utc", "user_did"].every((name) => header.includes(name))) {
    columns.text.unshift("original_text");
  }
  return columns;
}

/** Give the required columns that a file lacks. */
export function missingColumns(header: string[], hasLabels: boolean): string[] {
  const columns = understand(header);
  return REQUIRED_COLUMNS.slice(0, hasLabels ? 1 : undefined)
    .filter((name) => columns[name].length === 0);
}

/** Say in lines which names are understood, for the help of a task. */
export function describeSynonyms(): string {
  return Object.entries(SYNONYMS)
    .map(([name, others]) => `  ${name}: ${others.join(", ")}`).join("\n");
}

/** `likeCount`, `Like Count` and `like_count` are one name. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_.-]/g, "");
}
