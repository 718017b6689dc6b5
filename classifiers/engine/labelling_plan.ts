import { duration } from "../../etl/run/duration.ts";
import type { QueuedPost } from "./asker.ts";
import { dollars } from "./dollars.ts";
import type { Survey } from "./labelling_queue.ts";
import { durationAt } from "./labelling_settings.ts";
import type { PaidClassifier, Used } from "./paid_classifier.ts";
import type { Quota } from "./quota.ts";
import { isEnough } from "./spending.ts";

/** What a run would do, and why it would leave the other posts out. */
export interface LabellingPlan extends Survey {
  /** Posts that need no request, by reason. */
  unscorable: Record<string, number>;
  /** Posts that take the answer to another post's request. */
  reused: number;
  requests: number;
  tokens: number;
  /** US dollars. */
  cost: number;
  /** At the quotas, in milliseconds; 0 where there are none. */
  ms: number;
  /** Posts that are pending afterwards, and those that a limit of posts or money leaves. */
  remaining: number;
}

/** What stops a run, both infinite where nothing does. */
export interface PlanLimits {
  posts: number;
  /** US dollars. */
  cost: number;
}

/** Draw up what a run would do; memory grows with the repeated texts of a day only. */
export async function planLabelling(
  survey: Survey,
  posts: AsyncIterable<QueuedPost>,
  classifier: PaidClassifier,
  quotas: Quota[],
  limits: PlanLimits,
): Promise<LabellingPlan> {
  const plan: LabellingPlan = {
    ...survey,
    unscorable: {},
    reused: 0,
    requests: 0,
    tokens: 0,
    cost: 0,
    ms: 0,
    remaining: survey.pending,
  };
  let date = "";
  const repeated = new Set<string>();
  const prices = new Prices(classifier);
  let asked = 0;
  for await (const post of posts) {
    if (survey.pending - plan.remaining >= limits.posts) break;
    const reason = classifier.unscorable(post);
    if (reason === undefined) {
      if (post.date !== date) repeated.clear();
      date = post.date;
      const request = post.is_repeated ? classifier.request(post) : "";
      if (post.stored || repeated.has(request)) {
        plan.reused++;
      } else {
        const { tokens, cost } = prices.of(post);
        if (!isEnough(limits.cost, plan.cost + cost)) break;
        if (post.is_repeated) repeated.add(request);
        plan.requests = Math.ceil(++asked / classifier.postsPerRequest);
        plan.tokens += tokens;
        plan.cost += cost;
      }
    } else plan.unscorable[reason] = (plan.unscorable[reason] ?? 0) + 1;
    plan.remaining--;
  }
  plan.ms = durationAt(quotas, plan.requests, plan.tokens);
  return plan;
}

/** Posts of which tokens are counted; as they come in random order, the others have their mean. */
const COUNTED = 2000;

/** Finds what requests probably take, as a share of each of their posts. */
class Prices {
  readonly #pack: QueuedPost[] = [];
  readonly #sum: Used = { tokens: 0, cost: 0 };
  #counted = 0;

  constructor(readonly classifier: PaidClassifier) {}

  /** Give what a post probably takes, in requests as full as they may be. */
  of(post: QueuedPost): Used {
    if (this.#counted >= COUNTED) return this.#mean();
    // Posts fill requests one by one: each adds what the request takes more with it.
    if (this.#pack.length >= this.classifier.postsPerRequest) this.#pack.length = 0;
    const before = this.#pack.length > 0 ? this.#expected() : { tokens: 0, cost: 0 };
    this.#pack.push(post);
    const after = this.#expected();
    const used = { tokens: after.tokens - before.tokens, cost: after.cost - before.cost };
    this.#sum.tokens += used.tokens;
    this.#sum.cost += used.cost;
    this.#counted++;
    return used;
  }

  #mean(): Used {
    return { tokens: this.#sum.tokens / this.#counted, cost: this.#sum.cost / this.#counted };
  }

  #expected(): Used {
    const { classifier } = this;
    if (classifier.expected) return classifier.expected(this.#pack);
    const { tokens } = classifier.weight(this.#pack, 0);
    return { tokens, cost: classifier.price(this.#pack, 0) };
  }
}

/** Say a plan for people; `name` is the classifier's. */
export function describePlan(plan: LabellingPlan, name: string): string {
  const number = (count: number) => count.toLocaleString("en");
  const unscorable = Object.entries(plan.unscorable).map(([reason, n]) => `${reason} ${number(n)}`);
  const done = plan.pending - plan.remaining;
  return [
    `${name} would do ${number(done)} of ${number(plan.posts)} posts of ${number(plan.days)} days`,
    `  ${number(plan.requests)} requests` +
    (plan.tokens > 0 ? `, about ${number(Math.round(plan.tokens))} tokens` : "") +
    `, ${plan.cost > 0 ? `about ${dollars(plan.cost)}` : "free of charge"}` +
    (plan.ms > 0 ? `, ${duration(plan.ms)} at the quota` : ""),
    `  without a request: ${unscorable.join(", ") || "none"}; ` +
    `${number(plan.reused)} that share a text with another`,
    `  not pending: ${number(plan.labelled)} labelled, ${number(plan.failed)} failed for good, ` +
    `${number(plan.not_drawn)} not drawn, ` +
    `${number(plan.filtered_out_not_drawn)} filtered out and not drawn`,
    `  pending afterwards: ${number(plan.remaining)}`,
  ].join("\n");
}
