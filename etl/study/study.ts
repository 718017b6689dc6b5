import { checkSection } from "./section.ts";
import { parseYaml, YamlMistake } from "./yaml.ts";
import { Windows } from "./window.ts";
import { describeError, EXIT, UserError } from "../run/error.ts";
import { readText } from "../run/text_file.ts";
import { z } from "zod";

const AT_FEED = /^at:\/\/did:[a-z]+:[^/]+\/app\.bsky\.feed\.generator\/[^/]+$/;
/** Posts that `study.yaml` may ask a feed for, at most. */
export const MOST_POSTS = 10_000;
const STREAM_URL = z.url({ protocol: /^wss?$/, error: "must start with wss:// (or ws://)" });
const WEB_URL = z.url({
  protocol: /^https?$/,
  error: "must start with https:// (or http://)",
});
const section = z.record(z.string(), z.unknown());

const dollars = z.number().min(0);

/** The section of `study.yaml` with the price of a model, in US dollars. */
export const ModelPrice = z.strictObject({
  /** For a million tokens of the prompt, */
  input: dollars,
  /** and of the answer, its reasoning included. */
  output: dollars,
  /** The share of that which a batch costs; all of it where a server gives no discount. */
  batch: z.number().min(0).max(1).default(1),
});
/** The price of a model as `study.yaml` has it. */
export type ModelPrice = z.infer<typeof ModelPrice>;
/** The section of `study.yaml` with the prices of models, by their identifiers. */
export const ModelPrices = z.record(z.string(), ModelPrice);
/** The prices of models as `study.yaml` has them. */
export type ModelPrices = z.infer<typeof ModelPrices>;

/**
 * The section `notify` of `study.yaml`, channels for notices of failed and overdue runs; the
 * addresses are secrets.
 */
export const Notify = z.strictObject({
  webhook: WEB_URL.optional(),
  /** A program with its arguments; no shell reads it. */
  command: z.array(z.string().regex(/^[^\0]+$/, "is empty or holds a NUL")).min(1).optional(),
  /** Requested after every successful `daily`. */
  heartbeat: WEB_URL.optional(),
});

/** The steps of `deno task daily` and their time, from `study.yaml`. */
const DailySection = z.strictObject({
  stream: z.enum(["jetstream", "firehose"]).default("jetstream"),
  /** When the chain of a day starts (UTC). */
  at: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "is not a time of day such as 00:30")
    .default("00:30"),
  /** All where none is named. Those without a key are left out; they run in this order. */
  classifiers: z.array(z.string())
    .refine((names) => new Set(names).size === names.length, "names a classifier twice")
    .optional(),
});

const Study = z.strictObject({
  name: z.string().min(1),
  sources: z.strictObject({
    firehose: z.strictObject({
      relays: z.array(STREAM_URL).min(1),
      windows: Windows,
    }),
    jetstream: z.strictObject({
      servers: z.array(STREAM_URL).min(1),
      windows: Windows,
    }),
    most_liked: z.strictObject({
      appview: WEB_URL,
      feeds: z.array(z.string().regex(AT_FEED, "is not the at:// URI of a feed generator")).min(1),
      limit: z.int().min(1).max(MOST_POSTS),
      /** Posts whose counts a run takes again at most; 25 are one request. */
      count_again: z.int().min(0).default(50_000),
    }),
  }),
  /** One section a filter; each is checked by the filter's own file. */
  filters: z.record(z.string(), section),
  /** One section a classifier; each is checked by the classifier's own file. */
  classifiers: z.record(z.string(), section),
  /** The label set that the views show per classifier; the newest where none is named. */
  label_sets: z.record(z.string(), z.string().regex(/^[0-9a-f]{16}$/)).default({}),
  prices: ModelPrices.default({}),
  daily: DailySection.prefault({}),
  after_deletion: z.enum(["keep_numbers", "drop"]),
  time_zone: z.string().refine(isTimeZone, "is not an IANA time zone such as Europe/Berlin"),
  /** Printed on every page that is rendered, such as "demo data". */
  notice: z.string().optional(),
  notify: Notify.default({}),
});

/** What a study collects and how it labels posts, from `study.yaml`. */
export type Study = z.infer<typeof Study>;

/**
 * Read and check a study file.
 *
 * Throws a usage error where it is missing, is no YAML, or has an unknown or wrong key.
 */
export function readStudy(path: string): Study {
  let text: string;
  try {
    text = readText(path);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const missing = cause instanceof Deno.errors.NotFound;
    throw new UserError(
      "read the study",
      missing ? `there is no file ${path}` : describeError(cause),
      "Name the study file with --study FILE, or restore study.yaml from git",
      { exitCode: EXIT.usage, cause },
    );
  }
  try {
    return checkSection(Study, parseYaml(text), path);
  } catch (cause) {
    if (!(cause instanceof YamlMistake)) throw cause;
    const { line } = cause;
    throw new UserError(
      `read ${path}`,
      cause.message,
      line ? `Mend line ${line}` : "Mend the file",
      { exitCode: EXIT.usage, cause },
    );
  }
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
