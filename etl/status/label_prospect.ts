import { z } from "zod";
import { DrawnDays } from "../sampling/drawn_days.ts";
import { LabellingSettings } from "../study/labelling_settings.ts";
import { sampleOfDay, samplePlan } from "../sampling/sample.ts";
import { durationAt, type Quota, quotas } from "../quota/quota.ts";
import { findPending } from "../sampling/pending.ts";
import { ANSWER_COLUMNS } from "../labels/paid_answer.ts";
import { now } from "../run/clock.ts";
import type { ModelPrices, Study } from "../study/study.ts";
import { spentThisMonth } from "../answers/spending.ts";
import { type Database, literal, row, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { LABEL_SETS, LABELS, withColumns } from "../store/tables.ts";

const DAY_MS = 86_400_000;
/** Days are labelled in order: before this many done days, all are done. */
const DONE_DAYS = 7;
/** Days of labels from which the use of an answer is estimated. */
const PRICED_DAYS = 7;

const Settings = z.object({ ...LabellingSettings, model: z.string().optional() });
type Settings = z.infer<typeof Settings>;

/** The remaining posts of a sampling classifier that has begun, its expected end, and its cost. */
export interface LabelProspect {
  classifier: string;
  label_set_id: string;
  /** Posts that are drawn and have no label; without those in a batch. */
  pending: number;
  in_batch: number;
  /** Estimated time when all of these have one; null where all have, the speed is unknown, or never. */
  done_at: string | null;
  /** The tightest limit: null where nothing is pending or it is unknown. */
  held_by: "quota" | "budget" | null;
  /** Whether quota and budget suffice for each day's posts. */
  keeps_up: boolean;
  /** US dollars in the present calendar month (UTC). */
  spent_this_month: number;
  budget_per_month: number | null;
}

/** The use of labelling, in requests, tokens and US dollars. */
interface Need {
  requests: number;
  tokens: number;
  cost: number;
}

interface Open extends LabelProspect {
  settings: Settings;
  need: Need;
  needADay: Need;
}

/**
 * Find what each classifier of the study that draws a sample and has begun has still to label.
 *
 * The use of answers is that of the last days. Classifiers that ask one model share its quota,
 * and are done together. `inBatch` are the posts of a label set that are in batches.
 */
export async function labelProspects(
  database: Database,
  paths: DataPaths,
  study: Study,
  inBatch: (labelSetId: string) => number,
): Promise<LabelProspect[]> {
  const open: Open[] = [];
  for (const [classifier, section] of Object.entries(study.classifiers)) {
    const { data: settings } = Settings.safeParse(section);
    if (settings === undefined) continue;
    const labelSetId = await labelSetInUse(database, paths, classifier);
    if (labelSetId === null) continue;
    open.push(
      await openOf(database, paths, study.prices, {
        classifier,
        settings,
        labelSetId,
        inBatch: inBatch(labelSetId),
      }),
    );
  }
  // One instant: the end of a budget's month is counted from it and to it.
  const at = now();
  return open.map((one) => {
    const sharing = one.settings.model === undefined
      ? [one]
      : open.filter(({ settings }) => settings.model === one.settings.model);
    const { settings, need: _, needADay: _day, ...prospect } = one;
    const needADay = sum(sharing.map(({ needADay }) => needADay));
    const limits = quotas(settings);
    const atQuota = durationAtAll(limits, sharing);
    const atBudget = budgetMs(one, at);
    const isKnown = limits.length > 0 || atBudget > 0;
    const ms = isKnown ? Math.max(atQuota, atBudget) : Infinity;
    const isLeft = prospect.pending > 0;
    return {
      ...prospect,
      done_at: isLeft && Number.isFinite(ms) ? new Date(at.getTime() + ms).toISOString() : null,
      held_by: !isLeft || !isKnown ? null : atBudget > atQuota ? "budget" : "quota",
      keeps_up: durationAt(limits, needADay.requests, needADay.tokens) < DAY_MS &&
        30 * one.needADay.cost <= (settings.budget?.per_month ?? Infinity),
    };
  });
}

function durationAtAll(limits: Quota[], sharing: Open[]): number {
  const { requests, tokens } = sum(sharing.map(({ need }) => need));
  return durationAt(limits, requests, tokens);
}

/** Give the time until the monthly budgets suffice, in milliseconds; 0 where this month's does. */
function budgetMs({ settings, need, spent_this_month }: Open, at: Date): number {
  if (settings.budget === undefined || need.cost === 0) return 0;
  const { per_month } = settings.budget;
  const lacks = need.cost - Math.max(0, per_month - spent_this_month);
  if (lacks <= 0) return 0;
  if (per_month === 0) return Infinity;
  const months = Math.ceil(lacks / per_month);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + months) - at.getTime();
}

async function openOf(
  database: Database,
  paths: DataPaths,
  prices: ModelPrices,
  { classifier, settings, labelSetId, inBatch }: {
    classifier: string;
    settings: Settings;
    labelSetId: string;
    inBatch: number;
  },
): Promise<Open> {
  const counts = await pendingOf(database, paths, classifier, settings, labelSetId);
  const one = await needOfOne(database, paths, classifier, labelSetId, settings.model, prices);
  const times = (posts: number): Need => ({
    requests: posts * one.requests,
    tokens: posts * one.tokens,
    cost: posts * one.cost,
  });
  const pending = Math.max(0, counts.pending - inBatch);
  return {
    classifier,
    label_set_id: labelSetId,
    pending,
    in_batch: inBatch,
    done_at: null,
    held_by: null,
    keeps_up: true,
    spent_this_month: await spentThisMonth(paths, classifier),
    budget_per_month: settings.budget?.per_month ?? null,
    settings,
    need: times(pending),
    needADay: times(counts.drawnADay),
  };
}

/** Give the last used label set; one of imported replies draws nothing. */
async function labelSetInUse(
  database: Database,
  paths: DataPaths,
  classifier: string,
): Promise<string | null> {
  const files = paths.files("label_sets").map(({ path }) => path)
    .filter((path) => path === paths.labelSets(classifier));
  const found = await rows<{ label_set_id: string }>(
    database,
    `SELECT label_set_id FROM ${relation(LABEL_SETS, files)} ORDER BY last_used DESC`,
  );
  for (const { label_set_id } of found) {
    const { days } = DrawnDays.read(paths, classifier, label_set_id);
    if (Object.keys(days).length > 0) return label_set_id;
  }
  return null;
}

/** Count what is pending, the newest days first, until some days are done. */
async function pendingOf(
  database: Database,
  paths: DataPaths,
  classifier: string,
  settings: Settings,
  labelSetId: string,
): Promise<{ pending: number; drawnADay: number }> {
  const days = [...new Set(paths.files("posts").map(({ day }) => day!))].sort().reverse();
  const drawn = DrawnDays.read(paths, classifier, labelSetId);
  const plan = samplePlan(settings, false);
  let pending = 0;
  let done = 0;
  const drawnOf: number[] = [];
  for (const day of days) {
    const seed = drawn.seedOf(day) ?? plan.seed;
    const sample = await sampleOfDay(database, paths, { ...plan, seed }, day);
    const counts = await findPending(database, paths, { classifier, labelSetId, day }, sample);
    pending += counts.pending;
    drawnOf.push(counts.pending + counts.labelled + counts.failed);
    done = counts.pending === 0 ? done + 1 : 0;
    if (done >= DONE_DAYS) break;
  }
  await database.run("DROP TABLE IF EXISTS pending_posts");
  // The newest day is not over.
  const whole = drawnOf.length > 1 ? drawnOf.slice(1, 1 + PRICED_DAYS) : drawnOf;
  const drawnADay = whole.reduce((sum, posts) => sum + posts, 0) / Math.max(1, whole.length);
  return { pending, drawnADay };
}

/** Give the recent use per post; one request and nothing else where none was labelled. */
async function needOfOne(
  database: Database,
  paths: DataPaths,
  classifier: string,
  labelSetId: string,
  model: string | undefined,
  prices: ModelPrices,
): Promise<Need> {
  const files = paths.files(`labels/${classifier}`).map(({ path }) => path).slice(-PRICED_DAYS);
  const table = withColumns(LABELS, {
    ...ANSWER_COLUMNS,
    tokens_prompt: "INTEGER",
    tokens_completion: "INTEGER",
  });
  const { posts, requests, prompt, completion } = await row<Record<string, number>>(
    database,
    `SELECT count(*) AS posts, count(DISTINCT request_hash) AS requests,
       coalesce(sum(tokens_prompt), 0)::DOUBLE AS prompt,
       coalesce(sum(tokens_completion), 0)::DOUBLE AS completion
     FROM ${relation(table, files)} WHERE label_set_id = ${literal(labelSetId)}`,
  );
  if (!posts) return { requests: 1, tokens: 0, cost: 0 };
  const price = prices[model ?? ""] ?? { input: 0, output: 0 };
  return {
    requests: requests! / posts,
    tokens: (prompt! + completion!) / posts,
    cost: (prompt! * price.input + completion! * price.output) / 1e6 / posts,
  };
}

function sum(needs: Need[]): Need {
  return needs.reduce((total, need) => ({
    requests: total.requests + need.requests,
    tokens: total.tokens + need.tokens,
    cost: total.cost + need.cost,
  }), { requests: 0, tokens: 0, cost: 0 });
}
