import type { Collector } from "./collector.ts";
import { now } from "../run/clock.ts";
import { duration } from "../run/duration.ts";
import { type Span, totalLength } from "../coverage/span.ts";

/** The remaining time is shown after this long: the first frames come in a burst. */
const ENOUGH_MS = 5000;

/** The remaining work of a run: spans of event time, or milliseconds by the clock. */
export type Left = { owed: Span[] } | { ms: number } | undefined;

/** Shows the progress of reading a stream in one line. */
export class StreamProgress {
  #started = performance.now();
  #first: { event: number; at: number } | undefined;

  /** Give the line; `written` counts bytes of the journal. */
  line(collector: Collector, written: number, left: Left): string {
    const at = performance.now();
    const seconds = (at - this.#started) / 1000;
    const event = collector.eventTime === undefined ? undefined : Date.parse(collector.eventTime);
    if (event !== undefined) this.#first ??= { event, at };
    const parts = [
      `${number(collector.posts)} posts (${number(collector.posts / seconds)}/s)`,
      `${number(collector.events / seconds)} events/s`,
      `${megabytes(collector.bytes)} MB read, ${megabytes(written)} MB written`,
    ];
    if (event !== undefined) parts.push(`${duration(now().getTime() - event)} behind`);
    if (left !== undefined && "owed" in left) {
      const open = left.owed.map(({ from, until }) => ({
        from: event !== undefined && event > from.getTime() ? new Date(event) : from,
        until,
      })).filter(({ from, until }) => from < until);
      parts.push(`${duration(totalLength(open))} owed`);
      const ms = this.#estimate(totalLength(open), event, at);
      if (ms !== undefined) parts.push(`about ${duration(ms)} left`);
    } else if (left !== undefined) parts.push(`${duration(left.ms)} left`);
    return parts.join(", ");
  }

  /** Estimate how long the owed time takes at the speed so far, in milliseconds. */
  #estimate(owed: number, event: number | undefined, at: number): number | undefined {
    if (this.#first === undefined || event === undefined) return undefined;
    const elapsed = at - this.#first.at;
    const read = event - this.#first.event;
    return elapsed < ENOUGH_MS || read <= 0 ? undefined : owed * elapsed / read;
  }
}

function number(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function megabytes(bytes: number): string {
  return number(bytes / 1e6);
}
