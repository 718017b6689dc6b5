import { z } from "zod";

const rate = z.number().min(0).max(1);

/** The setting of `study.yaml` for how long a request may take; a timer counts no further than 24 days. */
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
/** Those settings as `study.yaml` has them, with the anchors of a chat classifier. */
export interface LabellingSettings extends z.infer<typeof Section> {
  anchors?: z.infer<typeof AnchorSettings> | undefined;
}
