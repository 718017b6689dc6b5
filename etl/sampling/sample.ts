import type { LabellingSettings } from "../study/labelling_settings.ts";
import { createHash } from "node:crypto";
import { now } from "../run/clock.ts";
import { type Database, literal, row } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { POSTS } from "../store/tables.ts";
import { STRATA, type Stratum, STRATUM_OF_POST } from "../labels/stratum.ts";

/** The share of each stratum that is to be labelled, from 0 to 1. */
export type Rates = Record<Stratum, number>;

/**
 * Which posts of a day are to be labelled, and in which order.
 *
 * Sequential Poisson sampling (Ohlsson 1998): each post has a number u, uniform in [0, 1), by its
 * uri and the seed, and a *turn*, u / rate of its stratum. It is drawn where its turn is below 1, and
 * posts are worked off by turn. So at a stop at turn t every stratum is done up to the share t of
 * its rate, and what a higher rate draws includes what a lower one drew.
 */
export interface Sample {
  seed: string;
  rates: Rates;
}

/** The rates that draw every post, as `--all` asks for. */
export const EVERY_POST: Rates = { most_liked: 1, passed: 1, filtered_out: 1 };

const HEX_DIGITS = 13;
const SCALE = 2 ** (4 * HEX_DIGITS);

/** Give the number in [0, 1) of a uri: the first 52 bits of sha256 of `seed:uri`. */
export function uniform(uri: string, seed: string): number {
  const digest = createHash("sha256").update(`${seed}:${uri}`).digest("hex");
  return parseInt(digest.slice(0, HEX_DIGITS), 16) / SCALE;
}

/** Give the same number as an SQL expression over a column of uris. */
export function uniformSql(column: string, seed: string): string {
  const digits = `left(sha256(${literal(`${seed}:`)} || ${column}), ${HEX_DIGITS})`;
  return `(('0x' || ${digits})::BIGINT::DOUBLE / ${SCALE}::DOUBLE)`;
}

/** Give the rate of the stratum of a row `p` of posts as an SQL expression. */
export function rateSql({ rates }: Sample): string {
  const cases = STRATA.map((stratum) => `WHEN ${literal(stratum)} THEN ${rates[stratum]}::DOUBLE`);
  return `(CASE ${STRATUM_OF_POST} ${cases.join(" ")} END)`;
}

/** Give the turn of a row `p` of posts as an SQL expression; infinite where the rate is 0. */
export function turnSql(sample: Sample): string {
  const rate = rateSql(sample);
  // u may be 0, and 0 / 0 is no number.
  return `(CASE WHEN ${rate} > 0 THEN ${uniformSql("p.uri", sample.seed)} / ${rate}
    ELSE 'infinity'::DOUBLE END)`;
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

const DAY_MS = 86_400_000;

/**
 * Give the sample of a plan for a day; a number of posts per day is a share of those that pass.
 *
 * For an unfinished day, the remaining hours are expected to bring posts at the rate of the hours
 * before. Posts beyond that are drawn at a lower rate each time: a day that
 * grows from n to m posts has up to 1 + ln(m / n) times the number, as late posts must have
 * a chance to be drawn too.
 */
export async function sampleOfDay(
  database: Database,
  paths: DataPaths,
  plan: SamplePlan,
  day: string,
  at = now(),
): Promise<Sample> {
  const { seed, passed, filteredOutRate: filtered_out } = plan;
  const rates = (passed: number) => ({ seed, rates: { most_liked: 1, passed, filtered_out } });
  if ("rate" in passed) return rates(passed.rate);
  const { posts } = await row<{ posts: number }>(
    database,
    `SELECT count(*) AS posts FROM ${relation(POSTS, paths.filesOfDay("posts", day))} p
     WHERE ${STRATUM_OF_POST} = 'passed'`,
  );
  const elapsed = Math.max(1, at.getTime() - Date.parse(day)) / DAY_MS;
  const expected = posts / Math.min(1, elapsed);
  return rates(posts === 0 ? 1 : Math.min(1, passed.postsPerDay / expected));
}
