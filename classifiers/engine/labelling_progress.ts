import { duration } from "../../etl/stream_progress.ts";
import type { LabellerCounts } from "./labeller.ts";
import type { Pacer } from "./pacer.ts";

/** Says in one line how the labelling goes. */
export class LabellingProgress {
  readonly #started = performance.now();

  constructor(readonly pending: number, readonly pacer: Pacer) {}

  line(counts: LabellerCounts): string {
    const elapsed = performance.now() - this.#started;
    const rate = counts.done / elapsed * 1000;
    const number = (n: number) => Math.round(n).toLocaleString("en");
    const failed = Object.entries(counts.failed).map(([reason, n]) => `${reason} ${number(n)}`);
    const { waiting } = this.pacer;
    const parts = [
      `${number(counts.done)} of ${number(this.pending)} posts (${
        rate.toFixed(rate < 10 ? 1 : 0)
      }/s)`,
      `${Math.round(100 * this.pacer.share())}% of the quota`,
    ];
    if (failed.length > 0) parts.push(`failed: ${failed.join(", ")}`);
    if (counts.cost > 0) parts.push(`$${counts.cost.toFixed(2)}`);
    if (counts.done > 0) {
      parts.push(`about ${duration((this.pending - counts.done) / rate * 1000)} left`);
    }
    if (waiting) {
      const ms = waiting.untilMs - performance.now();
      parts.push(`waiting ${duration(ms)}: ${waiting.reason}`);
    }
    return parts.join(", ");
  }
}
