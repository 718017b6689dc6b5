import assert from "node:assert/strict";
import { TimedEvents } from "../../../etl/collect/timed_events.ts";

Deno.test("an event is sent again only where it is the same at the same microsecond", () => {
  const events = new TimedEvents(undefined);
  assert.equal(events.judge(5, "a"), "next");
  assert.equal(events.judge(5, "b"), "next");
  events.resumed();
  assert.deepEqual([events.judge(5, "a"), events.judge(5, "b"), events.judge(5, "c")], [
    "again",
    "again",
    "next",
  ]);
  assert.equal(events.judge(6, "a"), "next");
  // A clock that fell back sends new events, whatever their cursors.
  assert.equal(events.judge(4, "d"), "next");
});

// Invariant 14
Deno.test("a host that goes on with another event than that of the cursor has left something out", () => {
  const events = new TimedEvents(5);
  assert.equal(events.judge(6, "b"), "after_gap");
  assert.equal(events.judge(9, "c"), "next");
  events.resumed();
  assert.equal(events.judge(9, "c"), "again");
  events.resumed();
  assert.equal(events.judge(12, "d"), "after_gap");
});
