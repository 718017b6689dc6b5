/** What a data folder must hold after a simulated week, told by events and by the windows alone. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Windows } from "../../../etl/study/window.ts";
import { query } from "../../rows.ts";
import type { WeekEvent } from "./week_events.ts";

/** The time of an event every 25 seconds is that of the eight around it, on each side. */
const EDGE_MS = 5 * 60_000;

/** Milliseconds since 1970; the second one is exclusive. */
export type Span = [from: number, until: number];

export interface Account {
  data: string;
  source: string;
  host: string;
  events: WeekEvent[];
  /** What the host calls each event. */
  seqs: number[];
  /** Time that nobody could give any more. */
  lost: Span[];
  /** When the last run began. */
  present: number;
}

/** Read the windows that were laid down for a source, up to the present, merged. */
export async function laidWindows({ data, source, present }: Account): Promise<Span[]> {
  const rows = await query<{ from: number; until: number }>(
    data,
    `SELECT epoch_ms(opens_at) AS from, epoch_ms(closes_at) AS until
     FROM read_parquet('{data}/windows/*/*.parquet') WHERE source = '${source}' ORDER BY 1`,
  );
  return union(rows.map(({ from, until }) => [from, Math.min(until, present)]));
}

/** Check that every day has the windows that the study's setting means, whenever they were laid. */
export async function assertWindows({ data, source, present }: Account, setting: Windows) {
  const rows = await query<{ hours: unknown[]; probs: unknown[] }>(
    data,
    `SELECT opens_at::DATE AS day, list(hour(opens_at) ORDER BY opens_at) AS hours,
       list_distinct(list(coalesce(window_prob, -1))) AS probs
     FROM read_parquet('{data}/windows/*/*.parquet')
     WHERE source = '${source}' AND opens_at < make_timestamp_ms(${present})
       AND closes_at = opens_at + INTERVAL 1 HOUR
     GROUP BY day ORDER BY day`,
  );
  assert.equal(rows.length, 7);
  for (const row of rows) {
    const [hours, probs] = [row.hours.map(Number), row.probs.map(Number)];
    if (setting === "all") {
      assert.deepEqual([hours, probs], [Array.from({ length: 24 }, (_, hour) => hour), [1]]);
    } else if ("fixed" in setting) assert.deepEqual([hours, probs], [setting.fixed, [-1]]);
    else {
      const { spread } = setting;
      const strata = hours.map((hour) => Math.floor(hour / (24 / spread)));
      assert.deepEqual([strata, probs], [[...Array(spread).keys()], [spread / 24]]);
    }
  }
}

/**
 * Hold what was collected against what was owed, by cursors exactly and by time as well as a sparse
 * stream tells it; gives the hours that were missed.
 */
export async function assertAccount(account: Account): Promise<number> {
  const { events } = account;
  const windows = await laidWindows(account);
  // Of a moment in which numbers are left out nothing is claimed.
  const leftOut = events.flatMap(({ time, leftOut }, i): Span[] =>
    leftOut > 0 && i > 0 ? [[events[i - 1]!.time, time]] : []
  );
  const owed = [...account.lost, ...leftOut].reduce(minus, windows);
  const covered = await coveredWithin(account, windows);
  for (const span of covered.reduce(minus, owed)) {
    assert.ok(length([span]) < EDGE_MS, `${told(span)} is owed and was not collected`);
  }
  for (const span of owed.reduce(minus, covered)) {
    assert.ok(length([span]) < EDGE_MS, `${told(span)} is claimed and was not there`);
  }
  const claimed = await claimedEvents(account);
  await assertPosts(account, claimed, windows, covered);
  await assertTombstones(account, claimed);
  return Math.round((length(windows) - length(covered)) / 36_000) / 100;
}

/** Give the events between the cursors that coverage names; its counts must be theirs. */
async function claimedEvents({ data, source, events, seqs, host }: Account): Promise<Set<number>> {
  const rows = await query<Record<"first" | "last" | "events" | "posts" | "skipped", number>>(
    data,
    `SELECT first_cursor AS first, last_cursor AS last, events, posts, skipped, host
     FROM read_parquet('{data}/coverage/*/*.parquet') WHERE source = '${source}' AND events > 0`,
  );
  assert.ok(rows.every((row) => (row as unknown as { host: string }).host === host));
  const claimed = [...events.keys()].filter((i) =>
    rows.some(({ first, last }) => first <= seqs[i]! && seqs[i]! <= last)
  );
  const sum = (column: "events" | "posts" | "skipped") =>
    rows.reduce((total, row) => total + Number(row[column]), 0);
  // An event at an edge can be read from both sides.
  const again = sum("events") - claimed.length;
  assert.ok(0 <= again && again < claimed.length / 100, `${again} events are counted twice`);
  const postsAgain = sum("posts") - claimed.filter((i) => events[i]!.kind === "post").length;
  assert.ok(0 <= postsAgain && postsAgain <= again, `${postsAgain} posts are counted twice`);
  assert.equal(sum("skipped"), claimed.reduce((total, i) => total + events[i]!.leftOut, 0));
  return new Set(claimed);
}

async function assertPosts(
  { data, source, events, seqs, host }: Account,
  claimed: Set<number>,
  windows: Span[],
  covered: Span[],
) {
  const rows = await query(
    data,
    `SELECT DISTINCT uri, cid, rev, cursor, host, epoch_ms(coalesce(event_time_sent, event_time)) AS written
     FROM read_parquet('{data}/raw/${source}/*/*.parquet') ORDER BY cursor`,
  );
  const posts = [...events.keys()].filter((i) => events[i]!.kind === "post");
  const expected = posts.filter((i) => claimed.has(i))
    .toSorted((a, b) => seqs[a]! - seqs[b]!)
    .map((i) => {
      const { uri, cid, rev, written } = events[i]!;
      return {
        uri,
        cid,
        rev,
        cursor: seqs[i],
        host,
        written,
      };
    });
  assert.ok(expected.length > 300, "a week has posts");
  assert.deepEqual(rows, expected);
  const isIn = (time: number, by: number) => ([from, until]: Span) =>
    from - by <= time && time < until + by;
  for (const i of posts) {
    const { uri, time } = events[i]!;
    const isInside = covered.some(isIn(time, -EDGE_MS));
    assert.ok(!isInside || claimed.has(i), `${uri} was sent in the claimed time`);
    const isNear = windows.some(isIn(time, EDGE_MS));
    assert.ok(isNear || !claimed.has(i), `${uri} was not sent in a window`);
  }
}

async function assertTombstones({ data, events, seqs }: Account, claimed: Set<number>) {
  const key = await Deno.readTextFile(`${data}/.hash_key`);
  const hash = (subject: string) => createHash("sha256").update(`${key}:${subject}`).digest("hex");
  const rows = await query<{ subject_hash: string; subject_kind: string; cursor: number | null }>(
    data,
    `SELECT DISTINCT subject_hash, subject_kind, cursor
     FROM read_parquet('{data}/raw/tombstones/*/*.parquet') WHERE reason <> 'active'
     ORDER BY cursor`,
  );
  const removals = [...events.keys()].filter((i) => ["delete", "account"].includes(events[i]!.kind))
    .map((i) => {
      const { uri, did } = events[i]!;
      const subject_kind = uri === undefined ? "account" : "post";
      return { index: i, row: { subject_hash: hash(uri ?? did), subject_kind } };
    });
  assert.deepEqual(
    rows.filter(({ cursor }) => cursor !== null),
    removals.filter(({ index }) => claimed.has(index))
      .map(({ index, row }) => ({ ...row, cursor: seqs[index]! }))
      .toSorted((a, b) => a.cursor - b.cursor),
  );
  // On the way to a window what was taken back is read too, and nothing is claimed of it.
  const all = new Set(removals.map(({ row }) => JSON.stringify(row)));
  for (const { cursor, ...row } of rows) {
    if (cursor === null) assert.ok(all.has(JSON.stringify(row)), JSON.stringify(row));
  }
}

async function coveredWithin({ data, source }: Account, windows: Span[]): Promise<Span[]> {
  const rows = await query<{ from: number; until: number }>(
    data,
    `SELECT epoch_ms(covered_from) AS from, epoch_ms(covered_until) AS until
     FROM read_parquet('{data}/coverage/*/*.parquet') WHERE source = '${source}'`,
  );
  const open = rows.reduce((left, { from, until }) => minus(left, [from, until]), windows);
  return open.reduce(minus, windows);
}

function told([from, until]: Span): string {
  return `${new Date(from).toISOString()} to ${new Date(until).toISOString()}`;
}

/** Put spans together that touch or overlap. */
function union(spans: Span[]): Span[] {
  const merged: Span[] = [];
  for (const [from, until] of spans.toSorted(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], until);
    else if (from < until) merged.push([from, until]);
  }
  return merged;
}

/** Take a span away from others. */
function minus(spans: Span[], [from, until]: Span): Span[] {
  return spans.flatMap(([a, b]) =>
    ([[a, Math.min(b, from)], [Math.max(a, until), b]] as Span[]).filter(([c, d]) => c < d)
  );
}

function length(spans: Span[]): number {
  return spans.reduce((sum, [from, until]) => sum + until - from, 0);
}
