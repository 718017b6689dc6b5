import { duration } from "../../etl/run/duration.ts";
import { STOPS } from "../engine/labelling_summary.ts";
import { dollars } from "../../etl/run/amount.ts";
import type { StopReason } from "../engine/labelling_stop.ts";
import type { Submitted } from "./batch_taking.ts";

/** What a run with `--batch` did: the summary of its ledger row. Costs are US dollars. */
export interface BatchSummary {
  label_set_id: string;
  landed: {
    batches: number;
    /** Posts that got an answer or a reason. */
    posts: number;
    labelled: number;
    failed: Record<string, number>;
    /** Answers to posts that were removed meanwhile. */
    dropped: number;
    cost: number;
  };
  /** Posts that need no request, by reason. */
  unscorable: Record<string, number>;
  /** Posts that reuse the answer to another post's request. */
  reused: number;
  /** With the expected cost. */
  submitted: Submitted;
  /** Batches under way now, with the expected cost. */
  open: { batches: number; posts: number; cost: number; oldest: string | null };
  /** Answers of a run that died, which this one brought into the labels. */
  recovered: number;
  /** Posts that are in no batch. */
  pending: number;
  stopped_by: StopReason | null;
  seconds: number;
  peak_rss_mb: number;
}

/** Describe a summary for people; `name` is the classifier's, `commands` answer batches without a server. */
export function describeBatches(summary: BatchSummary, name: string, commands: string[]): string {
  const { landed, unscorable, reused, submitted, open, pending, stopped_by } = summary;
  const number = (count: number) => count.toLocaleString("en");
  const list = (reasons: Record<string, number>) =>
    Object.entries(reasons).map(([reason, n]) => `${reason} ${number(n)}`).join(", ") || "none";
  const cost = (amount: number) => amount > 0 ? dollars(amount) : "free of charge";
  const batches = (count: number) => `${number(count)} ${count === 1 ? "batch" : "batches"}`;
  return [
    `Landed ${batches(landed.batches)} of ${name} and sent ${number(submitted.batches)} in ${
      duration(summary.seconds * 1000)
    }`,
    `  label set ${summary.label_set_id}`,
    ...landed.batches > 0
      ? [
        `  landed: ${number(landed.labelled)} posts labelled, ${cost(landed.cost)}; not labelled: ${
          list(landed.failed)
        }`,
      ]
      : [],
    ...landed.dropped > 0
      ? [`  ${number(landed.dropped)} answers to removed posts were dropped`]
      : [],
    ...Object.keys(unscorable).length > 0 ? [`  without a request: ${list(unscorable)}`] : [],
    ...reused > 0 ? [`  ${number(reused)} posts reuse the answer to the same text`] : [],
    ...submitted.batches > 0
      ? [
        `  sent: ${number(submitted.posts)} posts in ${number(submitted.requests)} requests, ${
          submitted.cost > 0 ? `about ${dollars(submitted.cost)}` : "free of charge"
        }`,
      ]
      : [],
    ...summary.recovered > 0
      ? [`  ${number(summary.recovered)} answers of a run that died were kept`]
      : [],
    `  pending: ${number(pending)}; at most ${
      number(Math.round(summary.peak_rss_mb))
    } MB of memory`,
    ...stopped_by ? [`  ${STOPS[stopped_by]}: run it again for the rest`] : [],
    ...open.batches > 0
      ? [
        `  under way: ${batches(open.batches)} with ${number(open.posts)} posts, the oldest since ${
          open.oldest!.slice(0, 16).replace("T", " ")
        } UTC`,
        ...commands.length > 0
          ? [
            "  Answer them, then run the same command again:",
            ...commands.map((command) => `    ${command}`),
          ]
          : [
            "  Run the same command again in an hour or so, or let cron do that. A batch is done " +
            "within 24 hours, usually sooner; a batch in a folder waits for --batch-files DIR",
          ],
      ]
      : [],
  ].join("\n");
}
