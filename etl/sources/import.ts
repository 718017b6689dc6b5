import { basename, extname, resolve } from "node:path";
import { checkCsv, csvRows } from "../csv.ts";
import { type HumanLabel, humanLabelSet, landHumanLabels } from "../human_labels.ts";
import { readRow, REQUIRED_COLUMNS, ROW_COLUMNS, RowError } from "../import_row.ts";
import { labelSetId } from "../label_set.ts";
import type { JournalLine } from "../journal_line.ts";
import { landLeftovers, landSegment } from "../land.ts";
import { now, utcDay } from "../run/clock.ts";
import type { Command, Context, Outcome } from "../run/command.ts";
import { EXIT, UserError } from "../run/error.ts";
import type { Database } from "../store/duckdb.ts";
import { Journal } from "../store/journal.ts";
import { toJson } from "../store/json.ts";
import { lock } from "../store/lock.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { Quarantine } from "../store/quarantine.ts";
import { RAW } from "../store/tables.ts";

const SOURCE = "import";
/** Posts per journal line. */
const PAGE = 1000;

interface Options {
  labels?: string[];
  coder?: string;
  as?: string;
}

export const command: Command = {
  task: "import",
  description:
    "Bring in posts that you already have, from a CSV file with the columns uri, created_at and text.\n\n" +
    "Optional columns: like_count, repost_count, reply_count, quote_count, labels that people gave, and\n" +
    "coder. Every other column is kept with the post in raw/import. A row that cannot be read is set\n" +
    "aside with its line number and the reason. Importing the same file again changes nothing.",
  arguments: [{ name: "<file>", description: "CSV file in UTF-8 with a header line" }],
  options: [
    {
      flags: "--labels <columns>",
      description: "columns with labels, parted by commas (default: those that end in _label)",
      parse: (text) => text.split(",").map((name) => name.trim()).filter((name) => name !== ""),
    },
    { flags: "--coder <name>", description: "who gave the labels, where no column coder says it" },
    {
      flags: "--as <name>",
      description: "name of the label set (default for CSV: the file's name)",
    },
  ],
  examples: [
    "deno task import posts.csv",
    "deno task import coded.csv --labels civic,lean --coder anna",
  ],
  run: importFile,
};

async function importFile(context: Context, options: Options, file: string): Promise<Outcome> {
  const { paths, database, progress, signal } = context;
  const path = resolve(file);
  const { header, rows } = await checkCsv(path, REQUIRED_COLUMNS);
  const variables = chooseVariables(header, options.labels, path);
  await using _lock = await lock(paths.locks(), `sync-${SOURCE}`, `import ${path}`);
  const { errors, ...landed } = await landLeftovers(database, paths, SOURCE);
  const reader = new Reader(paths, await importedBefore(database, paths), variables, options.coder);
  const name = `${now().toISOString().replace(/[-:.]/g, "")}-${crypto.randomUUID().slice(0, 8)}`;
  const journal = await Journal.create(paths.journal(SOURCE), name);
  let read = 0;
  try {
    for await (const { fields, raw, line } of csvRows(path, header)) {
      if (signal.aborted) break;
      reader.take(fields, raw, { file: basename(path), line });
      if (reader.posts.length >= PAGE) journal.append(pageLine(reader.posts.splice(0)));
      if (++read % PAGE === 0) await journal.commit();
      progress.update(() => `${read} of ${rows} rows read`);
    }
    if (reader.posts.length > 0) journal.append(pageLine(reader.posts.splice(0)));
    await journal.commit();
    await reader.quarantine.commit();
  } finally {
    journal.close();
  }
  if (journal.bytes > 0) {
    landed.posts += (await landSegment(database, paths, SOURCE, journal.path)).posts;
  }
  const set = humanLabelSet(options.as ?? basename(path, extname(path)), variables);
  const labels = [...reader.labels.values()];
  await landHumanLabels(context, set, labels);
  const summary = {
    rows: read,
    new_posts: landed.posts,
    posts_here_before: reader.hereBefore,
    labels: labels.length,
    label_set_id: labels.length > 0 ? labelSetId(set) : null,
    label_columns: variables,
    kept_with_the_post: header.filter((column) =>
      !ROW_COLUMNS.includes(column) && !variables.includes(column)
    ),
    set_aside: reader.quarantine.counts,
  };
  const aside = paths.quarantine(SOURCE, utcDay(now()));
  return { summary, text: describe(summary, aside), stopped: signal.aborted, errors };
}

/** Reads rows one by one: posts to journal, labels to land, the rest to set aside. */
class Reader {
  readonly posts: Record<string, unknown>[] = [];
  readonly labels = new Map<string, HumanLabel>();
  readonly quarantine: Quarantine;
  hereBefore = 0;
  #inFile = new Map<string, string>();

  constructor(
    paths: DataPaths,
    readonly before: Set<string>,
    readonly variables: string[],
    readonly coder: string | undefined,
  ) {
    this.quarantine = new Quarantine(paths, SOURCE);
  }

  take(fields: Record<string, string> | undefined, raw: string[], where: Record<string, unknown>) {
    try {
      if (fields === undefined) throw new RowError("wrong_number_of_fields");
      const post = readRow(fields, now());
      const content = `${post.uri}\n${post.created_at}\n${post.text}`;
      const earlier = this.#inFile.get(post.uri);
      if (earlier !== undefined && earlier !== content) throw new RowError("uri_twice");
      this.#takeLabels(post, fields);
      if (earlier !== undefined) return;
      this.#inFile.set(post.uri, content);
      if (this.before.has(content)) this.hereBefore++;
      else this.posts.push({ ...EMPTY, ...post, record: toJson(fields) });
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      this.quarantine.add(error.message, where, toJson(fields ?? raw));
    }
  }

  #takeLabels(post: ReturnType<typeof readRow>, fields: Record<string, string>): void {
    const given = this.variables.flatMap((column) => {
      const value = fields[column]!.trim();
      return value === "" ? [] : [[column, value] as const];
    });
    if (given.length === 0) return;
    const coder = fields.coder?.trim() || this.coder || null;
    const labels = Object.fromEntries(given);
    const key = `${post.uri}\n${coder}`;
    const earlier = this.labels.get(key);
    if (earlier && JSON.stringify(earlier.labels) !== JSON.stringify(labels)) {
      throw new RowError("labels_twice");
    }
    const day = post.created_at.slice(0, 10);
    this.labels.set(key, { uri: post.uri, text: post.text, day, coder, labels });
  }
}

/** What a CSV row says nothing about. */
const EMPTY = { image_alts: [], hashtags: [], links: [], self_labels: [] };

/** Give uri, time and text of every import that has landed. */
async function importedBefore(database: Database, paths: DataPaths): Promise<Set<string>> {
  const files = paths.files(`raw/${SOURCE}`).map((file) => file.path);
  const result = await database.runAndReadAll(
    `SELECT uri || chr(10) || created_at || chr(10) || text FROM ${relation(RAW, files)}`,
  );
  return new Set(result.getRows().map(([content]) => String(content)));
}

function pageLine(posts: Record<string, unknown>[]) {
  const time = now().toISOString();
  return {
    host: "",
    cursor: null,
    event_time: null,
    seen_at: time,
    events: posts.length,
    bytes: 0,
    reconnects: 0,
    notes: [],
    posts,
    tombstones: [],
  } satisfies JournalLine;
}

function chooseVariables(header: string[], asked: string[] | undefined, path: string): string[] {
  const unknown = asked?.filter((column) => !header.includes(column)) ?? [];
  if (unknown.length === 0) return asked ?? header.filter((column) => column.endsWith("_label"));
  throw new UserError(
    `import ${path}`,
    `it has no column ${unknown.join(", ")}`,
    `Its columns are ${header.join(", ")}`,
    { exitCode: EXIT.usage },
  );
}

function describe(
  summary: {
    rows: number;
    new_posts: number;
    posts_here_before: number;
    labels: number;
    label_set_id: string | null;
    label_columns: string[];
    kept_with_the_post: string[];
    set_aside: Record<string, number>;
  },
  asidePath: string,
): string {
  const aside = Object.entries(summary.set_aside).map(([reason, n]) => `${reason} ${n}`).join(", ");
  const labels = summary.labels > 0
    ? `${summary.labels} (${summary.label_columns.join(", ")}), label set ${summary.label_set_id}`
    : "none";
  return [
    `Imported ${summary.new_posts} posts of ${summary.rows} rows`,
    `  here before: ${summary.posts_here_before}`,
    `  labels: ${labels}`,
    `  other columns, kept with the post: ${summary.kept_with_the_post.join(", ") || "none"}`,
    `  set aside: ${aside ? `${aside} (see ${asidePath})` : "nothing"}`,
    "  next: deno task preprocess",
  ].join("\n");
}
