import { z } from "zod";

/** What `deno task daily` runs and when, as `study.yaml` says it. */
export const DailySection = z.strictObject({
  stream: z.enum(["jetstream", "firehose"]).default("jetstream"),
  /** When the chain of a day starts (UTC). */
  at: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "is not a time of day such as 00:30")
    .default("00:30"),
  /** All where none is named. Those without a key are left out; they run in this order. */
  classifiers: z.array(z.string())
    .refine((names) => new Set(names).size === names.length, "names a classifier twice")
    .optional(),
});
