/** The same seven days through Jetstream, which sends posts and what happens to accounts alone. */
import assert from "node:assert/strict";
import { startJetstream } from "../../../demo/network/jetstream.ts";
import { FIRST_EVENT_SEQ, jetstreamEvents } from "../../../demo/network/jetstream_event.ts";
import { accountFrame } from "../../../demo/sample/frames.ts";
import type { WeekEvent } from "./week_events.ts";
import { instants, isSignalled, runOnce, type Week, type WeekPlan } from "./week_run.ts";

/** How many events a run is sent before something goes wrong with it. */
const BEFORE = 60;
/** While a run reads, so many events come that are of later. */
const AFTER = 10;

/**
 * Give the events that a study asks Jetstream for, the others are left out unseen; accounts that change
 * their handle say here that they are active.
 */
export function askedEvents(events: WeekEvent[]): WeekEvent[] {
  return events.filter(({ kind }) => kind !== "like").map((event) => {
    const at = new Date(event.time).toISOString();
    const frame = (seq: number) =>
      event.kind === "identity"
        ? accountFrame(seq, at, event.did)
        : { ...event.frame(seq), time: at };
    // The host says when an event came to it, whatever a server wrote.
    return { ...event, leftOut: 0, written: event.time, frame };
  });
}

/** Let a week go by with `sync:jetstream`; its host knows what came before each run, and some more. */
export async function runJetstreamWeek(
  data: string,
  asked: WeekEvent[],
  plan: WeekPlan,
): Promise<Week> {
  await Deno.copyFile("demo/study.yaml", `${data}/study.yaml`);
  const events = [...jetstreamEvents(asked.map((event, index) => event.frame(index + 1)))];
  const jetstream = startJetstream();
  const seqs = events.map((_, index) => FIRST_EVENT_SEQ + index);
  const week: Week = { host: new URL(jetstream.url).host, runs: [], seqs, lost: [] };
  let known = 0;
  const learn = (end: number) => {
    jetstream.push(...events.slice(known, end));
    known = end;
  };
  try {
    for (const [number, at] of instants(plan).entries()) {
      const mishap = plan.mishaps[number];
      const end = asked.findIndex(({ time }) => time >= at.getTime()) + AFTER;
      learn(isSignalled(mishap) ? Math.min(end, known + BEFORE) : end);
      if (mishap === "torn") jetstream.dropAfter = BEFORE;
      const connections = jetstream.connections.length;
      const hasSent = async () => {
        while ((jetstream.connections[connections]?.sent ?? 0) < BEFORE) {
          await new Promise((done) => setTimeout(done, 10));
        }
      };
      const happened = isSignalled(mishap) ? hasSent() : Promise.resolve();
      week.runs.push(await runOnce(data, "jetstream", jetstream.url, at, mishap, happened));
      assert.equal(jetstream.dropAfter, undefined, "what was to happen has happened");
    }
  } finally {
    await jetstream.close();
  }
  return week;
}
