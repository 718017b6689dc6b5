import { duration } from "../../etl/run/duration.ts";
import type { QueuedPost } from "./asked_post.ts";
import { describeInBatch } from "./labelling_summary.ts";
import { dollars } from "../../etl/run/amount.ts";
import type { Survey } from "./labelling_queue.ts";
import { DAY_MS, durationAt, type Quota } from "../../etl/quota/quota.ts";
import type { PaidClassifier, Used } from "./paid_classifier.ts";
import { isEnough } from "./budget.ts";
import { postKey } from "../../etl/answers/answer_reader.ts";

/** What a labelling run would do, and why it would leave out the other posts. */
export interface LabellingPlan extends Survey {
  /** Posts that need no request, by reason. */
  unscorable: Record<string, number>;
  /** Posts whose answers wait to be merged, because a run died before. */
  waiting: number;
  /** Posts that reuse the answer to another post's request. */
  reused: number;
  /** Anchors that are asked about again; requests, tokens and cost include them. */
  replicates: number;
  requests: number;
  tokens: number;
  /** US dollars. */
  cost: number;
  /** At the quotas, in milliseconds; 0 where there are none. */
  ms: number;
  /** Posts pending afterwards, and those left by a limit of posts or money. */
  remaining: number;
}

/** The limits of a labelling run, infinite for none. */
export interface PlanLimits {
  posts: number;
  /** The rest of today's quota. */
  requests: number;
  /** US dollars. */
  cost: number;
}

/** Work of a labelling run beside its posts. */
export interface PlanExtras {
  /** Anchors to ask about again. */
  anchors?: AsyncIterable<QueuedPost>;
  /** Posts that a run that died asked about; see `waitingPosts`. */
  waiting?: Set<string>;
}

/** Plan a labelling run; memory grows only with the repeated texts of a day. */
export async function planLabelling(
  survey: Survey,
  posts: AsyncIterable<QueuedPost>,
  classifier: PaidClassifier,
  quotas: Quota[],
  limits: PlanLimits,
  { anchors, waiting }: PlanExtras = {},
): Promise<LabellingPlan> {
  const plan: LabellingPlan = {
    ...survey,
    unscorable: {},
    waiting: 0,
    reused: 0,
    replicates: 0,
    requests: 0,
    tokens: 0,
    cost: 0,
    ms: 0,
    remaining: survey.pending,
  };
  const again = new Prices(classifier);
  for await (const post of anchors ?? []) {
    if (classifier.unscorable(post) !== undefined) continue;
    const { tokens, cost } = again.of(post);
    if (plan.cost + cost > limits.cost) break;
    plan.replicates++;
    plan.tokens += tokens;
    plan.cost += cost;
  }
  const before = Math.ceil(plan.replicates / classifier.postsPerRequest);
  plan.requests = before;
  let date = "";
  const repeated = new Set<string>();
  const prices = new Prices(classifier);
  let asked = 0;
  for await (const post of posts) {
    if (waiting?.has(postKey(post))) {
      plan.waiting++;
      plan.remaining--;
      continue;
    }
    if (doneOf(plan) >= limits.posts) break;
    const reason = classifier.unscorable(post);
    if (reason === undefined) {
      if (post.date !== date) repeated.clear();
      date = post.date;
      const request = post.is_repeated ? classifier.request(post) : "";
      if (post.stored || repeated.has(request)) {
        plan.reused++;
      } else {
        const { tokens, cost } = prices.of(post);
        // The first request goes alone.
        const requests = 1 + Math.ceil(asked / classifier.postsPerRequest);
        if (!isEnough(limits.cost, plan.cost + cost) || before + requests > limits.requests) break;
        if (post.is_repeated) repeated.add(request);
        asked++;
        plan.requests = before + requests;
        plan.tokens += tokens;
        plan.cost += cost;
      }
    } else plan.unscorable[reason] = (plan.unscorable[reason] ?? 0) + 1;
    plan.remaining--;
  }
  // A day's quota may go at once.
  const paced = quotas.filter(({ perMs }) => perMs < DAY_MS);
  plan.ms = durationAt(paced, plan.requests, plan.tokens);
  return plan;
}

/** Give how many posts a run would pull. */
function doneOf({ pending, remaining, waiting }: LabellingPlan): number {
  return pending - remaining - waiting;
}

/** Posts whose tokens are counted; as the order is random, their mean stands for the others. */
const COUNTED = 2000;

/** Estimates the use of requests per post. */
class Prices {
  #pack: QueuedPost[] = [];
  readonly #sum: Used = { tokens: 0, cost: 0 };
  #counted = 0;

  constructor(readonly classifier: PaidClassifier) {}

  /** Give the expected use of a post, with requests as full as possible. */
  of(post: QueuedPost): Used {
    if (this.#counted >= COUNTED) return this.#mean();
    // Posts fill requests one by one, the first alone: each adds the extra use of its request.
    const most = this.#counted === 1 ? 1 : this.classifier.postsPerRequest;
    if (this.#pack.length >= most) this.#pack = [];
    const before = this.#pack.length > 0 ? this.#expected() : { tokens: 0, cost: 0 };
    // A new array, by which a classifier recognises what it has counted.
    this.#pack = [...this.#pack, post];
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
    // A new list: a classifier may cache its count of a list.
    const posts = [...this.#pack];
    if (classifier.expected) return classifier.expected(posts);
    const { tokens } = classifier.weight(posts, 0);
    return { tokens, cost: classifier.price(posts, 0) };
  }
}

/** Describe the plan of a labelling run for people; `name` is the classifier's. */
export function describePlan(plan: LabellingPlan, name: string): string {
  const number = (count: number) => count.toLocaleString("en");
  const unscorable = Object.entries(plan.unscorable).map(([reason, n]) => `${reason} ${number(n)}`);
  return [
    `${name} would do ${number(doneOf(plan))} of ${number(plan.posts)} posts of ${
      number(plan.days)
    } days`,
    `  ${number(plan.requests)} requests` +
    (plan.tokens > 0 ? `, about ${number(Math.round(plan.tokens))} tokens` : "") +
    `, ${plan.cost > 0 ? `about ${dollars(plan.cost)}` : "free of charge"}` +
    (plan.ms > 0 ? `, ${duration(plan.ms)} at the quota` : ""),
    ...plan.replicates > 0 ? [`  including about ${number(plan.replicates)} repeated anchors`] : [],
    `  without a request: ${unscorable.join(", ") || "none"}; ` +
    `${number(plan.reused)} that share a text with another`,
    ...plan.waiting > 0
      ? [
        `  ${number(plan.waiting)} answers of a run that died wait: the next run merges them first`,
      ]
      : [],
    `  not pending: ${number(plan.labelled)} labelled, ${number(plan.failed)} failed for good, ` +
    `${number(plan.not_drawn)} not drawn, ` +
    `${number(plan.filtered_out_not_drawn)} filtered out and not drawn`,
    `  pending afterwards: ${number(plan.remaining)}`,
    ...describeInBatch(plan.in_batch, name),
  ].join("\n");
}
