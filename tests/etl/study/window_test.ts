import assert from "node:assert/strict";
import { Windows, windowsOfDay } from "../../../etl/study/window.ts";

const hours = (windows: Windows, day: string) =>
  windowsOfDay(windows, day).map(({ from }) => from.getUTCHours());

Deno.test("all collects each hour of the day once", () => {
  const day = windowsOfDay("all", "2026-06-01");
  assert.equal(day.length, 24);
  assert.equal(day[0]!.from.toISOString(), "2026-06-01T00:00:00.000Z");
  assert.equal(day.at(-1)!.until.toISOString(), "2026-06-02T00:00:00.000Z");
  assert.ok(
    day.every((window, i) => i === 0 || window.from.getTime() === day[i - 1]!.until.getTime()),
  );
  assert.ok(day.every((window) => window.window_prob === 1));
});

Deno.test("fixed hours are the same every day and no probability sample", () => {
  const windows = { fixed: [20, 18] };
  assert.deepEqual(hours(windows, "2026-06-01"), [18, 20]);
  assert.deepEqual(hours(windows, "2026-07-09"), [18, 20]);
  assert.ok(windowsOfDay(windows, "2026-06-01").every((window) => window.window_prob === null));
});

Deno.test("spread draws one hour in each part of the day, the same whenever it is asked", () => {
  const windows = { spread: 4, seed: 1 };
  for (let day = 1; day <= 30; day++) {
    const date = `2026-06-${String(day).padStart(2, "0")}`;
    const drawn = hours(windows, date);
    assert.deepEqual(drawn.map((hour) => Math.floor(hour / 6)), [0, 1, 2, 3]);
    assert.deepEqual(hours(windows, date), drawn);
  }
  assert.notDeepEqual(
    Array.from({ length: 9 }, (_, i) => hours(windows, `2026-06-0${i + 1}`)),
    Array.from({ length: 9 }, (_, i) => hours({ spread: 4, seed: 2 }, `2026-06-0${i + 1}`)),
  );
});

Deno.test("spread gives every hour the probability that it says", () => {
  const windows = { spread: 4, seed: 7 };
  const counts = new Array<number>(24).fill(0);
  const days = 6000;
  for (let i = 0; i < days; i++) {
    const day = new Date(Date.UTC(2026, 0, 1) + i * 86_400_000).toISOString().slice(0, 10);
    for (const { from, window_prob } of windowsOfDay(windows, day)) {
      assert.equal(window_prob, 4 / 24);
      counts[from.getUTCHours()]!++;
    }
  }
  // A binomial count with n = 6000 and p = 1/6 lies within five standard deviations.
  const deviation = Math.sqrt(days * (1 / 6) * (5 / 6));
  for (const count of counts) assert.ok(Math.abs(count - days / 6) < 5 * deviation, String(counts));
});

Deno.test("hours that cannot be are refused", () => {
  for (
    const wrong of [
      { spread: 5 },
      { spread: 0 },
      { fixed: [] },
      { fixed: [24] },
      { fixed: [3, 3] },
      "some",
    ]
  ) {
    assert.equal(Windows.safeParse(wrong).success, false, JSON.stringify(wrong));
  }
});
