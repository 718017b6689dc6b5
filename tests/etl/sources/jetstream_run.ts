/** Runs of `sync:jetstream` on the demo's sample, and what they left. */
import assert from "node:assert/strict";
import { query } from "../../rows.ts";
import { runTask } from "../../task.ts";

export const UNTIL = "2026-06-08T00:00:00Z";
/** Later than all events: our clock is none that the stream could be ahead of. */
export const PRESENT = "2026-06-10T00:00:00Z";

/** Run it to its end, which must be a good one. */
export async function collect(url: string, data: string, clock: string, ...args: string[]) {
  const all = ["sync:jetstream", "--data", data, "--study", "demo/study.yaml", "--json", ...args];
  const run = await runTask(all, { BLUESKY_JETSTREAM: url, CIVICSKY_CLOCK: clock });
  assert.equal(run.code, 0, run.stderr);
  return { summary: JSON.parse(run.stdout), stderr: run.stderr };
}

/** Give everything of a raw row but what names the stream; the record without regard to key order. */
export async function rawRows(data: string, source: string) {
  const rows = await query<{ uri: string; rev: string; record: string }>(
    data,
    `SELECT * EXCLUDE (cursor, host, seen_at, event_time, date)
     FROM read_parquet('{data}/raw/${source}/*/*.parquet') ORDER BY uri, rev`,
  );
  return rows.map((row) => ({ ...row, record: JSON.parse(row.record) }));
}

/** Give what a host took back. */
export function tombstonesOf(data: string, host: string) {
  return query(
    data,
    `SELECT subject_hash, reason FROM read_parquet('{data}/raw/tombstones/*/*.parquet')
     WHERE host = '${host}' ORDER BY ALL`,
  );
}

/** Give all notes of the coverage of a source. */
export async function coverageNotes(data: string, source: string): Promise<unknown[]> {
  const notes = await query(
    data,
    `SELECT DISTINCT unnest(notes) AS note FROM read_parquet('{data}/coverage/*/*.parquet')
     WHERE source = '${source}'`,
  );
  return notes.map(({ note }) => note);
}

/** Every version that the firehose brought, where `condition` holds, came from Jetstream once. */
export async function assertEachOnce(data: string, condition = "true") {
  const versions = async (source: string, where: string) =>
    (await query(
      data,
      `SELECT uri || ' ' || rev AS version FROM read_parquet('{data}/raw/${source}/*/*.parquet')
       WHERE ${where} ORDER BY ALL`,
    )).map(({ version }) => version);
  assert.deepEqual(await versions("jetstream", "true"), await versions("firehose", condition));
}
