/** The small sample as a stream, and what a data folder must hold once it is collected. */
import assert from "node:assert/strict";
import { query } from "../../rows.ts";
import { rawRows } from "./firehose_run.ts";
import { bodyOf, expectedRows, sampleStream, streamTimes } from "./sample_stream.ts";
import { smallSample } from "../../demo/small_sample.ts";

export const small = await sampleStream(smallSample());
export const smallSeqs = small.frames.map(({ seq }) => seq);

/** Coverage must be what the frames hold, minute by minute; `isAtEnd` where the stream ends with them. */
export async function assertCoverage(data: string, frames: typeof small.frames, isAtEnd = false) {
  const times = streamTimes(frames, isAtEnd);
  const timed = frames.map((frame, i) => ({ ...frame, time: times[i]! }));
  const minutes = Map.groupBy(timed, ({ time }) => time.slice(0, 16));
  const expected = Array.from(minutes, ([minute, inMinute]) => ({
    minute: `${minute.replace("T", " ")}:00`,
    events: inMinute.length,
    posts: inMinute.filter((frame) =>
      frame.post !== undefined && bodyOf(frame).ops[0].action !== "delete"
    ).length,
    bytes: inMinute.reduce((sum, { bytes }) =>
      sum + bytes.length, 0),
    first_cursor: inMinute[0]!.seq,
    last_cursor: inMinute.at(-1)!.seq,
  }));
  const found = await query(
    data,
    `SELECT minute, sum(events) AS events, sum(posts) AS posts, sum(bytes) AS bytes,
       min(first_cursor) AS first_cursor, max(last_cursor) AS last_cursor
     FROM read_parquet('{data}/coverage/*/*.parquet') GROUP BY minute ORDER BY minute`,
  );
  assert.deepEqual(found, expected);
}

/** All posts of the small sample must be there, once, and their coverage. */
export async function assertAll(data: string) {
  const rows = await rawRows(data);
  assert.deepEqual(
    rows.map(({ uri, rev }) => [uri, rev]),
    expectedRows(small).map(({ uri, rev }) => [uri, rev]),
  );
  await assertCoverage(data, small.frames, true);
}
