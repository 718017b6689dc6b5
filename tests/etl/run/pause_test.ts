import assert from "node:assert/strict";
import { delay, ownPause } from "../../../etl/run/pause.ts";

Deno.test("a pause ends with its signal, at once where that was aborted before", async () => {
  const stop = new AbortController();
  const paused = delay(86_400_000, stop.signal);
  stop.abort();
  await paused;
  await delay(86_400_000, stop.signal);
});

Deno.test("a run with a time of its own waits in it, and no other run does", async () => {
  const asked: number[] = [];
  const own = (ms: number) => Promise.resolve(void asked.push(ms));
  await Promise.all([ownPause.run(own, () => delay(86_400_000)), delay(1)]);
  assert.deepEqual(asked, [86_400_000]);
});
