import { duration } from "../../etl/run/duration.ts";
import { dollars } from "./dollars.ts";
import type { LabellingCounts } from "./asking/labelling_counts.ts";
import type { Pacer } from "./quota/pacer.ts";

/** Says in one line how the labelling goes. */
export class LabellingProgress {
  readonly #started = performance.now();

  constructor(readonly pending: number, readonly counts: LabellingCounts, readonly pacer: Pacer) {}

  /** Give the line. */
  line(): string {
    const { counts, pending } = this;
    const { waiting } = this.pacer;
    const perSecond = counts.done / (performance.now() - this.#started) * 1000;
    const number = (count: number) => count.toLocaleString("en");
    const failed = Object.entries(counts.failed).map(([reason, n]) => `${reason} ${number(n)}`);
    const parts = [
      `${number(counts.done)} of ${number(pending)} posts ` +
      `(${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s)`,
      `${Math.round(100 * this.pacer.share())}% of the quota`,
    ];
    if (failed.length > 0) parts.push(`not labelled: ${failed.join(", ")}`);
    if (counts.cost > 0) parts.push(dollars(counts.cost));
    if (counts.done > 0) {
      parts.push(`about ${duration((pending - counts.done) / perSecond * 1000)} left`);
    }
    if (waiting) {
      const ms = waiting.untilMs - performance.now();
      parts.push(`waiting ${ms === Infinity ? "" : `${duration(ms)} `}because ${waiting.reason}`);
    }
    return parts.join(", ");
  }
}
