import { versionOneHosts } from "../coverage/coverage.ts";
import { coveredSpans } from "../coverage/owed.ts";
import { type Database, literal, row, rows, utc } from "../store/duckdb.ts";
import { now } from "../run/clock.ts";
import { mergeSpans, type Span, subtractSpans, totalLength } from "../coverage/span.ts";
import { archivedFiles } from "../store/archive.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { COVERAGE, RAW, WINDOWS } from "../store/tables.ts";

const HOUR_MS = 3_600_000;
/** Folders of `raw/` that hold no posts. */
const NO_SOURCE = ["tombstones", "context", "counts"];

/** What a data statement says of one source: its posts, and the collected share of its requested hours. */
export interface CollectedSource {
  source: string;
  hosts: string[];
  /** Rows in raw: versions of posts, each as often as it was received, without later deletions. */
  rows: number;
  posts: number;
  first_seen: string | null;
  last_seen: string | null;
  /** Undefined for a source that is no stream. */
  stream: CollectedStream | undefined;
}

/** What a data statement says of a stream: its hours, in event time. */
export interface CollectedStream {
  /** The settings that laid its windows, as `study.yaml` had them. */
  settings: string[];
  /** Probabilities with which hours were drawn; null is an hour that a person chose. */
  window_probs: (number | null)[];
  /** Hours of the windows that have passed; null where it was collected by hand. */
  hours_asked: number | null;
  /** Collected hours among those, or all collected hours without windows. */
  hours_collected: number;
  /** Gaps in the requested hours, the longest first; without windows, gaps between first and last. */
  gaps: Span[];
  /** As received, before deletions. */
  events: number;
  posts_received: number;
  /** Sequence numbers that hosts left out. */
  skipped: number;
  /** Messages that could not be read here. */
  set_aside: number;
  reconnects: number;
  /** Hosts that it was read from and that speak version 1 of Jetstream. */
  version_1_hosts: string[];
}

/**
 * Read what a data statement says of each source, by name; sources without posts are left out.
 *
 * Throws where raw data is in an archive that is not there: the counts would be too low.
 */
export async function collectedSources(
  database: Database,
  paths: DataPaths,
): Promise<CollectedSource[]> {
  const coverage = paths.files("coverage").map(({ path }) => path);
  const windows = paths.files("windows").map(({ path }) => path);
  const streams = (await rows<{ source: string }>(
    database,
    `SELECT DISTINCT source FROM ${relation(COVERAGE, coverage)} ORDER BY source`,
  )).map(({ source }) => source);
  const found = paths.names("raw").filter((name) => !NO_SOURCE.includes(name));
  const collected: CollectedSource[] = [];
  for (const source of [...new Set([...streams, ...found])].sort()) {
    const raw = relation(RAW, [
      ...paths.files(`raw/${source}`).map(({ path }) => path),
      ...archivedFiles(paths, `raw/${source}`, "count what was collected"),
    ]);
    const counts = await row<Omit<CollectedSource, "source" | "stream"> & Record<string, unknown>>(
      database,
      `SELECT coalesce(list(DISTINCT host ORDER BY host) FILTER (host IS NOT NULL), []) AS hosts,
         count(*) AS rows, count(DISTINCT uri) AS posts, min(seen_at)::VARCHAR AS first_seen,
         max(seen_at)::VARCHAR AS last_seen FROM ${raw}`,
    );
    const stream = streams.includes(source)
      ? await collectedStream(database, paths, source, coverage, windows)
      : undefined;
    collected.push({ source, ...counts, stream });
  }
  return collected;
}

async function collectedStream(
  database: Database,
  paths: DataPaths,
  source: string,
  coverage: string[],
  windows: string[],
): Promise<CollectedStream> {
  const laid = await rows<{ from: string; until: string; prob: number | null; setting: string }>(
    database,
    `SELECT opens_at AS from, closes_at AS until, window_prob AS prob, setting
     FROM ${relation(WINDOWS, windows)} WHERE source = ${literal(source)} ORDER BY opens_at`,
  );
  const covered = await coveredSpans(database, paths, source, "0001-01-02");
  const present = now();
  const asked = mergeSpans(
    laid.map(({ from, until }) => ({ from: utc(from), until: utc(until) }))
      .filter(({ from }) => from < present)
      .map(({ from, until }) => ({ from, until: until < present ? until : present })),
  );
  const whole = laid.length > 0 ? asked : covered.length === 0 ? [] : [{
    from: covered[0]!.from,
    until: covered.at(-1)!.until,
  }];
  const gaps = whole.flatMap((span) => subtractSpans(span, covered))
    .sort((a, b) => totalLength([b]) - totalLength([a]));
  const sums = await row<
    Record<"events" | "posts_received" | "skipped" | "set_aside" | "reconnects", number>
  >(
    database,
    `SELECT coalesce(sum(events), 0) AS events, coalesce(sum(posts), 0) AS posts_received,
       coalesce(sum(skipped), 0) AS skipped, coalesce(sum(set_aside), 0) AS set_aside,
       coalesce(sum(reconnects), 0) AS reconnects
     FROM ${relation(COVERAGE, coverage)} WHERE source = ${literal(source)}`,
  );
  return {
    settings: [...new Set(laid.map(({ setting }) => setting))],
    window_probs: [...new Set(laid.map(({ prob }) => prob))],
    hours_asked: laid.length > 0 ? totalLength(asked) / HOUR_MS : null,
    hours_collected: (totalLength(whole) - totalLength(gaps)) / HOUR_MS,
    gaps,
    ...sums,
    version_1_hosts: (await versionOneHosts(database, coverage))
      .filter((found) => found.source === source).map(({ host }) => host),
  };
}
