import assert from "node:assert/strict";
import {
  drawnPostsSql,
  hashedKeysSql,
  labelledShareSql,
  labelProbSql,
} from "../../etl/sampling/label_prob.ts";
import { findPending } from "../../etl/sampling/pending.ts";
import type { Sample } from "../../etl/sampling/sample.ts";
import { type Database, literal, openDatabase, type Row, row } from "../../etl/store/duckdb.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { withData } from "../rows.ts";
import { DAY, LABELLED, sample, writePosts } from "../classifiers/engine/labelled_day.ts";

const COUNTS = { most_liked: 60, passed: 200, filtered_out: 140 };
const RATES = { passed: 0.5, filtered_out: 0.1 };
/** Of ten posts of a stratum, how many say yes. */
const YES: Record<string, number> = { most_liked: 9, passed: 4, filtered_out: 1 };
const TRUTH = Object.entries(COUNTS).reduce((sum, [name, n]) => sum + n * YES[name]! / 10, 0) / 400;
const SAMPLES = 100;
const STOPS_A_SAMPLE = 10;
/** Posts that are asked at once; after a crash any of the last so many may be missing. */
const IN_FLIGHT = 8;

/** Give numbers in [0, 1), the same each time. */
function* uniforms(seed: number): Generator<number, never> {
  for (let state = seed;;) {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    yield ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  }
}

interface Estimate extends Row {
  /** Share of posts that say yes, of all posts that there are. */
  total: number;
  /** Posts that there are, as a share of those that there are in truth. */
  posts: number;
  /** Rows that are no part of the sample yet. */
  ahead: number;
}

/** Label the first posts of a sample, with gaps at the end where it crashed, and estimate the share. */
async function estimate(
  database: Database,
  drawn: Sample,
  done: number,
  missing: number[],
): Promise<Estimate> {
  const gaps = missing.map((back) => done - 1 - back);
  await database.run(`CREATE OR REPLACE TEMP TABLE set_labels AS
    SELECT ${hashedKeysSql("p")}, NULL::DOUBLE AS label_prob,
      right(p.uri, 1)::INTEGER < ${`CASE WHEN p.in_most_liked THEN 9 WHEN p.passed_filters THEN 4 ELSE 1 END`} AS yes
    FROM day_posts p JOIN pending_posts q ON q.post = hash(p.uri)
    WHERE q.rowid < ${done} AND NOT q.rowid IN (SELECT unnest(${literal(gaps)}::INTEGER[]))`);
  const posts = drawnPostsSql("day_posts", drawn);
  const { share } = await row<{ share: number }>(database, labelledShareSql(posts));
  return await row<Estimate>(
    database,
    `SELECT coalesce(sum(1 / label_prob) FILTER (yes), 0) / 400 AS total,
       coalesce(sum(1 / label_prob), 0) / 400 AS posts,
       count(*) FILTER (label_prob IS NULL) AS ahead
     FROM (SELECT l.yes, ${labelProbSql(share)} AS label_prob
       FROM set_labels l JOIN (${posts}) p USING (uri))`,
  );
}

function describe(values: number[]): { mean: number; error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) /
    (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}

// Invariant 8
Deno.test("at 1,000 stops at random points, shares weighted by 1 / label_prob are unbiased", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const paths = new DataPaths(data);
    await database.run("SET threads = 1");
    await writePosts(paths, COUNTS);
    await database.run(`CREATE TEMP TABLE day_posts AS
      SELECT uri, cid, text_hash, in_most_liked, passed_filters FROM read_parquet(${
      literal(paths.posts(DAY))
    })`);
    const random = uniforms(1);
    const next = () => random.next().value;
    // Stops of one sample are no independent draws: their mean is one.
    const totals: number[] = [];
    const posts: number[] = [];
    const ahead: number[] = [];
    for (let seed = 0; seed < SAMPLES; seed++) {
      const drawn = sample(RATES, `seed-${seed}`);
      const { pending } = await findPending(database, paths, LABELLED, drawn);
      const found: Estimate[] = [];
      for (let stop = 0; stop < STOPS_A_SAMPLE; stop++) {
        // One comes to the end; half of the others are killed.
        const done = stop === 0 ? pending : 30 + Math.floor(next() * (pending - 30));
        const missing = Array.from({ length: stop % 2 * IN_FLIGHT }, (_, back) => back)
          .filter(() => next() < 0.5);
        found.push(await estimate(database, drawn, done, missing));
      }
      totals.push(describe(found.map(({ total }) => total)).mean);
      posts.push(describe(found.map(({ posts }) => posts)).mean);
      ahead.push(...found.map(({ ahead }) => ahead));
    }
    for (const [values, truth] of [[totals, TRUTH], [posts, 1]] as const) {
      const { mean, error } = describe(values);
      assert.ok(error < 0.015, `standard error ${error}`);
      assert.ok(Math.abs(mean - truth) < 3 * error, `${mean} ± ${error}, in truth ${truth}`);
    }
    const share = describe(totals.map((total, stop) => total / posts[stop]!));
    assert.ok(Math.abs(share.mean - TRUTH) < 3 * share.error, `${share.mean} ± ${share.error}`);
    assert.ok(ahead.some((rows) => rows > 0) && ahead.every((rows) => rows < IN_FLIGHT));
  }));
