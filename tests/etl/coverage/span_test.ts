import assert from "node:assert/strict";
import { mergeSpans, type Span, subtractSpans, totalLength } from "../../../etl/coverage/span.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 5, 1, 0, minute));
const span = (from: number, until: number): Span => ({ from: at(from), until: at(until) });
const minutes = (spans: Span[]) =>
  spans.map(({ from, until }) => [from.getUTCMinutes(), until.getUTCMinutes()]);

Deno.test("spans that touch or overlap are one, whatever their order", () => {
  const merged = mergeSpans([span(30, 40), span(0, 10), span(5, 7), span(10, 20), span(41, 42)]);
  assert.deepEqual(minutes(merged), [[0, 20], [30, 40], [41, 42]]);
});

Deno.test("an empty span covers nothing and divides nothing", () => {
  const merged = mergeSpans([span(5, 5), span(20, 20), span(0, 10)]);
  assert.deepEqual(minutes(merged), [[0, 10]]);
  assert.deepEqual(minutes(subtractSpans(span(0, 30), merged)), [[10, 30]]);
});

Deno.test("subtracting spans leaves what none of them covers", () => {
  const others = [span(0, 5), span(10, 20), span(25, 26), span(50, 59)];
  assert.deepEqual(minutes(subtractSpans(span(3, 40), others)), [[5, 10], [20, 25], [26, 40]]);
  assert.deepEqual(minutes(subtractSpans(span(12, 18), others)), []);
  assert.deepEqual(minutes(subtractSpans(span(30, 40), [])), [[30, 40]]);
});

Deno.test("against a minute by minute count, merged and subtracted spans agree", () => {
  let state = 42;
  const draw = (below: number) => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % below;
  for (let round = 0; round < 300; round++) {
    const others = Array.from({ length: draw(8) }, () => {
      const from = draw(50);
      return span(from, from + 1 + draw(9));
    });
    const whole = span(draw(20), 30 + draw(29));
    const covered = (minute: number) =>
      others.some(({ from, until }) => from <= at(minute) && at(minute) < until);
    let open = 0;
    for (let minute = 0; minute < 60; minute++) {
      if (whole.from <= at(minute) && at(minute) < whole.until && !covered(minute)) open++;
    }
    assert.equal(totalLength(subtractSpans(whole, mergeSpans(others))), open * 60_000);
  }
});
