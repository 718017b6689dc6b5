import { duration } from "../../etl/stream_progress.ts";
import { durationAt } from "./labelling_settings.ts";
import type { PaidClassifier } from "./paid_classifier.ts";
import type { PendingCounts, PendingPost } from "./pending.ts";
import type { Quota } from "./quota.ts";

/** What a run would do, and why it would leave the other posts out. */
export interface LabellingPlan extends PendingCounts {
  days: number;
  /** Posts that need no request, by reason. */
  unscorable: Record<string, number>;
  requests: number;
  tokens: number;
  /** US dollars. */
  cost: number;
  /** At the quotas, in milliseconds; 0 where there are none. */
  ms: number;
}

/** Sums up a plan day by day; memory does not grow with the number of posts but with repeated texts. */
export class LabellingPlanner {
  readonly plan: LabellingPlan = {
    days: 0,
    posts: 0,
    pending: 0,
    texts: 0,
    labelled: 0,
    failed: 0,
    not_drawn: 0,
    filtered_out_not_drawn: 0,
    unscorable: {},
    requests: 0,
    tokens: 0,
    cost: 0,
    ms: 0,
  };
  #repeated = new Set<string>();

  constructor(readonly classifier: PaidClassifier, readonly quotas: Quota[]) {}

  addDay(counts: PendingCounts): void {
    this.plan.days++;
    this.#repeated.clear();
    for (const [name, n] of Object.entries(counts) as [keyof PendingCounts, number][]) {
      this.plan[name] += n;
    }
  }

  addPost(post: PendingPost): void {
    const { classifier, plan } = this;
    const reason = classifier.unscorable(post);
    if (reason !== undefined) {
      plan.unscorable[reason] = (plan.unscorable[reason] ?? 0) + 1;
      return;
    }
    if (post.is_repeated) {
      const request = classifier.request(post);
      if (this.#repeated.has(request)) return;
      this.#repeated.add(request);
    }
    const { requests, tokens } = classifier.weight(post);
    plan.requests += requests;
    plan.tokens += tokens;
    plan.cost += classifier.price(post);
    plan.ms = durationAt(this.quotas, plan.requests, plan.tokens);
  }
}

/** Say a plan for people; `budget` is what is left of the month, `limit` and `maxCost` what stops it. */
export function describePlan(
  plan: LabellingPlan,
  name: string,
  limits: { limit?: number | undefined; left: number },
): string {
  const number = (n: number) => n.toLocaleString("en");
  const stuck = Object.entries(plan.unscorable).map(([reason, n]) => `${reason} ${number(n)}`);
  const free = Object.values(plan.unscorable).reduce((sum, n) => sum + n, 0);
  return [
    `${name} would label ${number(plan.pending)} of ${
      number(plan.posts)
    } posts of ${plan.days} days`,
    `  ${number(plan.requests)} requests` +
    (plan.tokens > 0 ? `, ${number(plan.tokens)} tokens` : "") +
    `, ${plan.cost === 0 ? "free of charge" : `$${plan.cost.toFixed(2)}`}` +
    (plan.ms > 0 ? `, ${duration(plan.ms)} at the quota` : ""),
    `  without a request: ${stuck.join(", ") || "none"}; ` +
    `${number(plan.pending - plan.requests - free)} share a text with another`,
    `  not pending: ${number(plan.labelled)} labelled, ${number(plan.failed)} failed for good, ` +
    `${number(plan.not_drawn)} not drawn, ${
      number(plan.filtered_out_not_drawn)
    } filtered out and not drawn`,
    ...(limits.limit !== undefined && limits.limit < plan.pending
      ? [`  --limit leaves ${number(plan.pending - limits.limit)} for the next run`]
      : []),
    ...(plan.cost > limits.left
      ? [`  the budget stops it: $${limits.left.toFixed(2)} are left`]
      : []),
  ].join("\n");
}
