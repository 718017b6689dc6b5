import type { Collector } from "./collector.ts";
import { now } from "../run/clock.ts";
import type { Verdict } from "./verdict.ts";
import type { Journal } from "../store/journal.ts";
import type { Quarantine } from "../store/quarantine.ts";

/** Characters and milliseconds after which journal lines are made durable. */
const COMMIT = { characters: 262_144, ms: 200 };
/** After so much time without an event the stream pauses, or is silent: events that are held are placed. */
const [PAUSE_MS, SILENCE_MS] = [1000, 5000];
/** Bytes and milliseconds after which a segment is full; landing holds its bytes, up to 32 MB of them. */
const SEGMENT = { bytes: 24 * 1024 * 1024, ms: 10 * 60_000 };

/** What fills a journal segment: a stream's messages and their collector. */
export interface Intake {
  messages: AsyncGenerator<Uint8Array | string, void>;
  collector: Collector;
  quarantine: Quarantine;
  /** Called with true before each message is waited for, and with false when it has come. */
  onWait?: (isWaiting: boolean) => void;
  /** Called after each message. */
  onMessage: () => void;
  /** End the stream of messages. */
  stop: () => void;
}

/** Why a segment ended: it is full, the run is done, or the server ended the stream. */
export type SegmentEnd = "full" | "done" | Extract<Verdict, object>;

/**
 * Read messages into a journal segment until it is full or the run is at its end.
 *
 * Lines are durable within 200 ms after their place in the stream is known, or within a second on a
 * quiet stream. Everything taken is durable when this returns. Throws where the journal cannot be
 * written.
 */
export async function fillSegment(journal: Journal, intake: Intake): Promise<SegmentEnd> {
  const { messages, collector, quarantine } = intake;
  const opened = performance.now();
  let committed = opened;
  let failure: unknown;
  let committing: Promise<void> | undefined;
  const commit = () =>
    // Events set aside must be durable before a cursor behind them.
    committing ??= quarantine.commit().then(() => journal.commit())
      .then(() => void (committed = performance.now()))
      .catch((error) => {
        failure = error;
        intake.stop();
      })
      .finally(() => committing = undefined);
  let verdict: Verdict = "go_on";
  let waits: number | undefined;
  const timer = setInterval(() => {
    const silence = waits === undefined ? 0 : performance.now() - waits;
    if (silence > PAUSE_MS && committing === undefined && verdict === "go_on") {
      verdict = collector.settle(journal, silence > SILENCE_MS ? "silence" : "pause");
      if (verdict !== "go_on") intake.stop();
    }
    void commit();
  }, PAUSE_MS / 4);
  let end: SegmentEnd = "done";
  try {
    while (failure === undefined) {
      intake.onWait?.(true);
      waits = performance.now();
      const { done, value } = await messages.next();
      waits = undefined;
      intake.onWait?.(false);
      if (verdict !== "go_on") break;
      if (done) {
        await committing;
        verdict = collector.settle(journal, "end");
        break;
      }
      // Nothing may be set aside while a commit writes earlier lines.
      await committing;
      verdict = collector.take(value, journal);
      intake.onMessage();
      if (typeof verdict === "object") collector.settle(journal, "end");
      if (verdict !== "go_on") break;
      if (journal.pending > COMMIT.characters || performance.now() - committed > COMMIT.ms) {
        await commit();
      }
      if (journal.bytes > SEGMENT.bytes || performance.now() - opened > SEGMENT.ms) {
        end = "full";
        break;
      }
    }
  } finally {
    clearInterval(timer);
  }
  if (typeof verdict === "object") end = verdict;
  await committing;
  if (failure !== undefined) throw failure;
  collector.mark(journal);
  await commit();
  if (failure !== undefined) throw failure;
  return end;
}

/** Name a segment: by time, so that names sort, by host, and so that no two are alike. */
export function segmentName(host: string, number: number): string {
  const stamp = now().toISOString().replace(/[-:.]/g, "");
  const id = crypto.randomUUID().slice(0, 8);
  const name = new URL(host).host.replace(/[^\w.-]/g, "_");
  return `${stamp}-${name}-${id}-${String(number).padStart(4, "0")}`;
}
