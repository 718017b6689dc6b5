/** What a data folder must hold after a simulated week, told by events and by the windows alone. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Windows } from "../../etl/study/window.ts";
import { query } from "../rows.ts";
import type { WeekEvent } from "./week_events.ts";

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

/** Hold what was collected against what was owed; gives the hours that were missed. */
export async function assertAccount(account: Account): Promise<number> {
  const windows = await laidWindows(account);
  const owed = account.lost.reduce(minus, windows);
  const isIn = (time: number) => ([from, until]: Span) => from <= time && time < until;
  // The last event before a gap was received; the gap begins with its time.
  const isLost = (time: number) => ([from, until]: Span) => from < time && time < until;
  const isOwed = ({ time }: WeekEvent) =>
    windows.some(isIn(time)) && !account.lost.some(isLost(time));
  const indices = account.events.flatMap((event, index) => isOwed(event) ? [index] : []);
  await assertPosts(account, indices);
  await assertTombstones(account, indices);
  await assertCounts(account, indices);
  assert.deepEqual(await coveredWithin(account, windows), owed);
  return Math.round((length(windows) - length(owed)) / 36_000) / 100;
}

async function assertPosts({ data, source, events, seqs, host }: Account, indices: number[]) {
  const rows = await query(
    data,
    `SELECT uri, cid, rev, cursor, host, epoch_ms(event_time) AS time
     FROM read_parquet('{data}/raw/${source}/*/*.parquet') ORDER BY event_time`,
  );
  const expected = indices.filter((i) => events[i]!.kind === "post").map((i) => {
    const { uri, cid, rev, time } = events[i]!;
    return { uri, cid, rev, cursor: seqs[i], host, time };
  });
  assert.ok(expected.length > 300, "a week has posts");
  assert.equal(rows.length, expected.length);
  assert.deepEqual(rows, expected);
}

async function assertTombstones({ data, events, seqs }: Account, indices: number[]) {
  const key = await Deno.readTextFile(`${data}/.hash_key`);
  const hash = (subject: string) => createHash("sha256").update(`${key}:${subject}`).digest("hex");
  const rows = await query(
    data,
    `SELECT subject_hash, subject_kind, cursor, epoch_ms(event_time) AS time
     FROM read_parquet('{data}/raw/tombstones/*/*.parquet') ORDER BY event_time`,
  );
  const removals = [...events.keys()].filter((i) => ["delete", "account"].includes(events[i]!.kind))
    .map((i) => {
      const { uri, did, time } = events[i]!;
      const subject_kind = uri === undefined ? "account" : "post";
      return { index: i, row: { subject_hash: hash(uri ?? did), subject_kind, time } };
    });
  const owed = new Set(indices);
  assert.deepEqual(
    rows.filter(({ cursor }) => cursor !== null),
    removals.filter(({ index }) => owed.has(index)).map(({ index, row }) => (
      { ...row, cursor: seqs[index] }
    )),
  );
  // On the way to a window what was taken back is read too, and nothing is claimed of it.
  const others = removals.filter(({ index }) => !owed.has(index)).map(({ row }) => row);
  for (const { cursor, ...row } of rows) {
    if (cursor !== null) continue;
    assert.ok(others.some((other) => isDeepStrictEqual(other, { ...row })), JSON.stringify(row));
  }
}

/** Compare events, posts and cursors of each minute, and the sequence numbers left out in all. */
async function assertCounts(account: Account, indices: number[]) {
  const { data, source, events, seqs, host } = account;
  const rows = await query(
    data,
    `SELECT epoch_ms(minute) AS minute, host, sum(events) AS events, sum(posts) AS posts,
       min(first_cursor) AS first, max(last_cursor) AS last, sum(skipped) AS skipped
     FROM read_parquet('{data}/coverage/*/*.parquet') WHERE source = '${source}'
     GROUP BY ALL HAVING sum(events) > 0 ORDER BY minute`,
  );
  const minutes = Map.groupBy(indices, (i) => Math.floor(events[i]!.time / 60_000) * 60_000);
  const expected = Array.from(minutes, ([minute, inMinute]) => ({
    minute,
    host,
    events: inMinute.length,
    posts: inMinute.filter((i) => events[i]!.kind === "post").length,
    first: Math.min(...inMinute.map((i) => seqs[i]!)),
    last: Math.max(...inMinute.map((i) => seqs[i]!)),
    skipped: inMinute.reduce((sum, i) => sum + events[i]!.leftOut, 0),
  }));
  assert.deepEqual(rows, expected);
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
