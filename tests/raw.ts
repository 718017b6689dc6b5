/** Lays raw rows into a data folder, as a source would have landed them. */
import { DataPaths } from "../etl/store/paths.ts";
import { CONTEXTS, COUNTS, COVERAGE, RAW, type Table, TOMBSTONES } from "../etl/store/tables.ts";
import { subjectHash } from "../etl/raw/tombstone.ts";
import { writeRows } from "./table_file.ts";

export const KEY = "k".repeat(64);
export const DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";

/** Give the uri of an invented post. */
export function uri(rkey: string, did = DID): string {
  return `at://${did}/app.bsky.feed.post/${rkey}`;
}

export interface RawFolder {
  paths: DataPaths;
  raw(source: string, day: string, part: string, rows: Record<string, unknown>[]): Promise<string>;
  tombstone(
    day: string,
    part: string,
    rows: {
      subject: string;
      at: string;
      reason?: string;
      host?: string;
      cursor?: number;
      seen_at?: string;
      rev?: string;
      with_rev?: boolean;
    }[],
  ): Promise<string>;
  coverage(day: string, part: string, minutes: string[]): Promise<string>;
  counts(day: string, part: string, rows: Record<string, unknown>[]): Promise<string>;
  contexts(day: string, part: string, rows: Record<string, unknown>[]): Promise<string>;
}

/** Give functions that write raw parts, tombstones and coverage; times as DuckDB reads them. */
export async function rawFolder(data: string): Promise<RawFolder> {
  const paths = new DataPaths(data);
  await Deno.mkdir(data, { recursive: true });
  await Deno.writeTextFile(paths.hashKey(), KEY);
  const write = async (table: Table, rows: Record<string, unknown>[], path: string) => {
    await writeRows(table, rows, path);
    return path;
  };
  return {
    paths,
    raw: (source, day, part, rows) =>
      write(
        RAW,
        rows.map((row) => ({
          did: /at:\/\/([^/]+)/.exec(String(row.uri))![1],
          seen_at: `${day} 12:00:00`,
          text: "a post that says something in English about the weather",
          self_labels: [],
          ...row,
        })),
        paths.rawPart(source, day, part),
      ),
    tombstone: (day, part, rows) =>
      write(
        TOMBSTONES,
        rows.map(({ subject, at, ...row }) => ({
          subject_hash: subjectHash(KEY, subject),
          subject_kind: subject.startsWith("at://") ? "post" : "account",
          event_time: at,
          ...row,
        })),
        paths.rawPart("tombstones", day, part),
      ),
    coverage: (day, part, minutes) =>
      write(
        COVERAGE,
        minutes.map((minute) => ({ source: "firehose", host: "relay", minute, events: 5 })),
        paths.coveragePart(day, part),
      ),
    counts: (day, part, rows) => write(COUNTS, rows, paths.rawPart("counts", day, part)),
    contexts: (day, part, rows) => write(CONTEXTS, rows, paths.rawPart("context", day, part)),
  };
}
