import assert from "node:assert/strict";
import type { Collector } from "../../../etl/collect/collector.ts";
import { StreamProgress } from "../../../etl/collect/stream_progress.ts";
import "../../common_environment.ts";

Deno.test("the line says what is owed behind the last event, and nothing that is not known yet", () => {
  const progress = new StreamProgress();
  const span = (from: string, until: string) => ({ from: new Date(from), until: new Date(until) });
  const owed = [
    span("2026-06-01T00:00:00Z", "2026-06-01T04:00:00Z"),
    span("2026-06-01T06:00:00Z", "2026-06-01T07:00:00Z"),
  ];
  const collector = { posts: 1234, events: 5, bytes: 2_400_000 } as Collector;
  const waiting = progress.line(collector, 1_600_000, { owed });
  assert.match(
    waiting,
    /^1,234 posts \([\d,]+\/s\), [\d,]+ events\/s, 2 MB read, 2 MB written, 5\.0 h owed$/,
  );
  const at = { ...collector, eventTime: "2026-06-01T03:00:00.000Z" } as Collector;
  assert.match(progress.line(at, 0, { owed }), /, \d+ days behind, 2\.0 h owed$/);
  assert.match(progress.line(at, 0, { ms: 61_000 }), / behind, 61 s left$/);
  assert.match(progress.line(at, 0, undefined), / behind$/);
});
