import assert from "node:assert/strict";
import { dirname } from "node:path";
import { DID, rawFolder, uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };

// Invariant 11
Deno.test("half-written files of killed runs go with preprocess and forget, those of running ones stay", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const at = { event_time: "2026-06-01 10:00:00", created_at: "2026-06-01T10:00:00Z" };
    const row = { uri: uri("1"), cid: "c", text: "marker", ...at };
    await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", [row]);
    const half = (place: string) => `${data}/${place}.parquet.0a1b2c3d.part`;
    const places = ["raw/firehose/date=2026-06-01/b", "posts/date=2026-06-01/posts", "exports/x/p"];
    for (const task of [["preprocess"], ["forget", DID]]) {
      for (const place of places) {
        await Deno.mkdir(dirname(half(place)), { recursive: true });
        await Deno.writeTextFile(half(place), "marker");
        const old = new Date(Date.now() - 2 * 3_600_000);
        if (place !== places[0]) await Deno.utime(half(place), old, old);
      }
      const run = await runTask([...task, "--data", data, "--json"], CLOCK);
      assert.equal(run.code, 0, run.stderr);
      const left = [];
      for (const place of places) {
        if (await Deno.stat(half(place)).catch(() => undefined)) left.push(place);
      }
      assert.deepEqual(left, [places[0]], task[0]);
    }
  }));
