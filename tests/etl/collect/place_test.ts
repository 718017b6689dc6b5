import assert from "node:assert/strict";
import { startRelay } from "../../../demo/network/relay.ts";
import { sampleFrames } from "../../../demo/sample/frames.ts";
import { FIREHOSE } from "../../../etl/atproto/stream_decoder.ts";
import { positionAt } from "../../../etl/collect/place.ts";
import type { StreamSource } from "../../../etl/collect/stream_source.ts";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { smallSample } from "../../demo/small_sample.ts";
import { withData } from "../../rows.ts";

const FRAMES = await Array.fromAsync(sampleFrames(smallSample()));
const { signal } = new AbortController();

// Invariant 14
Deno.test("a host that goes on for another is read from ten minutes before, as far as hours are asked for", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const context = { database, paths: new DataPaths(data) };
    const relay = startRelay({ frames: FRAMES, startAt: "oldest" });
    try {
      const source: StreamSource = {
        name: "firehose",
        hosts: [relay.url],
        namedBy: "--relay",
        decoder: FIREHOSE,
        url: (host, cursor) =>
          `${host}/xrpc/com.atproto.sync.subscribeRepos${
            cursor === undefined ? "" : `?cursor=${cursor}`
          }`,
        replayMs: Infinity,
        isFiltered: false,
        olderHosts: new Set(),
      };
      const middle = FRAMES[FRAMES.length >> 1]!;
      const from = new Date(middle.time);
      const before = (minutes: number) => new Date(from.getTime() - minutes * 60_000);
      const place = (earliest?: Date) =>
        positionAt(context, source, relay.url, { from, ...earliest && { earliest }, signal });
      const open = await place();
      assert.deepEqual(open.from, before(10));
      assert.ok(open.cursor! < middle.seq && open.time! <= open.from!.toISOString());
      assert.deepEqual(
        (await place(before(3))).from,
        before(3),
        "what lies before is not asked for",
      );
    } finally {
      await relay.close();
    }
  }));
