import assert from "node:assert/strict";
import { Deadline } from "../../../etl/collect/deadline.ts";
import "../../common_environment.ts";

const PAST = new Date("2026-06-01T00:00:00Z");
const QUIET_MS = 40;
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

function aborted({ signal }: AbortController): Promise<void> {
  return new Promise((done) => signal.addEventListener("abort", () => done()));
}

Deno.test("a stretch of the past is over when the host is silent, and not while we work", async () => {
  const end = new AbortController();
  const deadline = new Deadline({ until: PAST }, end, QUIET_MS);
  try {
    deadline.connected();
    deadline.waits(false);
    await pause(5 * QUIET_MS);
    assert.equal(end.signal.aborted, false, "landing is no silence");
    deadline.waits(true);
    await aborted(end);
  } finally {
    deadline.stop();
  }
});

Deno.test("a host that is away is not a host without events", async () => {
  const end = new AbortController();
  const deadline = new Deadline({ until: PAST }, end, QUIET_MS);
  try {
    deadline.waits(true);
    await pause(5 * QUIET_MS);
    deadline.connected();
    deadline.disconnected();
    await pause(5 * QUIET_MS);
    assert.equal(end.signal.aborted, false);
    deadline.connected();
    await aborted(end);
  } finally {
    deadline.stop();
  }
});

Deno.test("a stretch that reaches into the future ends by its time alone", async () => {
  const end = new AbortController();
  const until = new Date(Date.now() + 3_600_000);
  const deadline = new Deadline({ until, ms: 5 * QUIET_MS }, end, QUIET_MS);
  try {
    deadline.connected();
    await pause(2 * QUIET_MS);
    assert.equal(end.signal.aborted, false);
    await aborted(end);
  } finally {
    deadline.stop();
  }
});
