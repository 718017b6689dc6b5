import { z } from "zod";

/**
 * The quota of a service: `amount` of a unit in `perMs` milliseconds.
 *
 * `burst` is how much of it may go at once after a pause; 3% of the amount where it is not given.
 * A quota of a day is counted by UTC days and has no burst.
 */
export interface Quota {
  unit: "requests" | "tokens";
  amount: number;
  perMs: number;
  burst?: number;
}

const rate = z.number().min(0).max(1);

/** How long a request may take; a timer counts no further than 24 days. */
export const TimeoutSeconds = z.number().positive().max(3600);

/** Settings of a study for every paid classifier: sample, quota, budget. */
export const LabellingSettings = {
  sample: z.strictObject({
    /** The share of the posts that pass the filters, */
    label_rate: rate.optional(),
    /** or how many of them a day. */
    posts_per_day: z.int().min(1).optional(),
    /** The share of flagged posts to label, so that the filters can be evaluated. */
    filtered_out_rate: rate.default(0),
    seed: z.int().default(1),
  }).refine(
    (sample) => (sample.label_rate === undefined) !== (sample.posts_per_day === undefined),
    "needs either label_rate or posts_per_day",
  ),
  quota: z.strictObject({
    /** 0.5 is one in two seconds. */
    requests_per_second: z.number().min(0.001).optional(),
    requests_per_minute: z.int().min(1).optional(),
    requests_per_day: z.int().min(1).optional(),
    tokens_per_minute: z.int().min(1).optional(),
    tokens_per_day: z.int().min(1).optional(),
    /** Spaces requests evenly, never two at once, at some loss of speed. */
    strict: z.boolean().default(false),
  }),
  budget: z.strictObject({
    /** US dollars a calendar month (UTC). */
    per_month: z.number().min(0),
  }).optional(),
};

/** Posts that a study asks about again every week, to see whether the labels drift. */
export const AnchorSettings = z.strictObject({ posts: z.int().min(1).max(10_000).default(300) });

const Section = z.object(LabellingSettings);
export interface LabellingSettings extends z.infer<typeof Section> {
  anchors?: z.infer<typeof AnchorSettings> | undefined;
}

/** Settings of a study for a classifier's sample. */
export interface SamplePlan {
  seed: string;
  /** The share of the posts that pass the filters, or how many of them a day. */
  passed: { rate: number } | { postsPerDay: number };
  filteredOutRate: number;
}

/** Give the sample plan; `all` draws every post. */
export function samplePlan({ sample }: LabellingSettings, all: boolean): SamplePlan {
  const seed = String(sample.seed);
  if (all) return { seed, passed: { rate: 1 }, filteredOutRate: 1 };
  return {
    seed,
    passed: sample.label_rate === undefined
      ? { postsPerDay: sample.posts_per_day! }
      : { rate: sample.label_rate },
    filteredOutRate: sample.filtered_out_rate,
  };
}

const [SECOND, MINUTE, DAY] = [1000, 60_000, 86_400_000];

/** Give the quotas that the settings name. */
export function quotas({ quota }: LabellingSettings): Quota[] {
  const { requests_per_second: perSecond = Infinity } = quota;
  const found: [Quota["unit"], number | undefined, number][] = [
    // A quota admits one request at least.
    perSecond < 1 ? ["requests", 1, SECOND / perSecond] : ["requests", perSecond, SECOND],
    ["requests", quota.requests_per_minute, MINUTE],
    ["requests", quota.requests_per_day, DAY],
    ["tokens", quota.tokens_per_minute, MINUTE],
    ["tokens", quota.tokens_per_day, DAY],
  ];
  return found.flatMap(([unit, amount, perMs]) =>
    amount === undefined || amount === Infinity
      ? []
      : [{ unit, amount, perMs, ...quota.strict ? { burst: 1 } : {} }]
  );
}

/**
 * Give how long so many requests take at the quotas, in milliseconds; 0 without any.
 *
 * A day's quota may go at once: it delays only the posts left for later days.
 */
export function durationAt(quotas: Quota[], requests: number, tokens: number): number {
  const needed = ({ unit }: Quota) => unit === "requests" ? requests : tokens;
  const daily = quotas.filter(({ perMs }) => perMs === DAY);
  const days = Math.max(0, ...daily.map((it) => Math.ceil(needed(it) / it.amount) - 1));
  const done = Math.min(1, ...daily.map((it) => days * it.amount / Math.max(1, needed(it))));
  const paced = Math.max(
    0,
    ...quotas.filter(({ perMs }) => perMs < DAY).map((it) => needed(it) / it.amount * it.perMs),
  );
  const left = daily.length === 0 ? 1 : 1 - done;
  return Math.max(paced, days * DAY + left * paced);
}
