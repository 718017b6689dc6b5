import assert from "node:assert/strict";
import { coverageOf } from "../../../notebooks/measures/coverage.ts";
import "../../common_environment.ts";

/** What a title says where posts are of these days and hours of the first were received so far. */
function written(days: string[], covered: (hour: number) => number): string {
  const hours = Array.from({ length: 24 }, (_, hour) => ({
    source: "firehose" as const,
    hour: new Date(Date.UTC(2026, 5, 1, hour)),
    covered: covered(hour),
    is_asked: true,
    window_prob: null,
  }));
  return coverageOf(hours, days.map((day) => new Date(day)), "UTC")!.written;
}

Deno.test("a title says when little of a day was received, or nothing of one with posts", () => {
  const days = ["2026-06-01", "2026-06-02"];
  const first = days.slice(0, 1);
  assert.equal(written(first, () => 1), "");
  assert.equal(written(first, (hour) => hour === 3 ? 1 / 6 : 0), "posts of 10 minutes");
  assert.equal(written(first, () => 0), "posts of no covered minute");
  assert.equal(written(first, () => 0.1), "posts of 2.4 hours");
  assert.equal(written(days, () => 1), "all hours on 1 of 2 days");
  assert.equal(written(days, (hour) => hour < 2 ? 1 : 0), "posts written 0–2 UTC on 1 of 2 days");
});
