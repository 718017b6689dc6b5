import assert from "node:assert/strict";
import { AnswerSegment } from "../../../etl/answers/answer_segment.ts";
import {
  describePlan,
  planLabelling,
  type PlanLimits,
} from "../../../classifiers/engine/labelling_plan.ts";
import { DayUse, usedOfDay } from "../../../etl/quota/day_use.ts";
import { waitingPosts } from "../../../etl/answers/answer_reader.ts";
import { utcDay } from "../../../etl/run/clock.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withData } from "../../rows.ts";
import { answer, LABELLED } from "./labelled_day.ts";
import { queued, withRun } from "./told_service.ts";

const POSTS = Array.from({ length: 40 }, (_, index) => queued(`${index}`));
const SURVEY = {
  days: 1,
  posts: 40,
  pending: 40,
  labelled: 0,
  failed: 0,
  in_batch: 0,
  not_drawn: 0,
  filtered_out_not_drawn: 0,
};
const UNLIMITED: PlanLimits = { posts: Infinity, requests: Infinity, cost: Infinity };

async function plan(limits: Partial<PlanLimits>, waiting?: Set<string>) {
  let found: Awaited<ReturnType<typeof planLabelling>> | undefined;
  await withRun([], async ({ classifier }) => {
    const posts = (async function* () {
      yield* POSTS;
    })();
    found = await planLabelling(
      SURVEY,
      posts,
      classifier,
      [],
      { ...UNLIMITED, ...limits },
      waiting === undefined ? {} : { waiting },
    );
  });
  return found!;
}

Deno.test("a plan ends with the quota of the day, of which what was used today is gone", () =>
  withData(async (data) => {
    const folder = `${data}/quota`;
    assert.equal((await usedOfDay(folder)).requests, 0);
    {
      await using use = await DayUse.open(folder);
      const quota = { unit: "requests", amount: 100, perMs: 86_400_000 } as const;
      await use.claim(quota, utcDay(new Date()), 12);
      use.take(utcDay(new Date()), { requests: 12, tokens: 0 });
    }
    const { requests } = await usedOfDay(folder);
    assert.equal(requests, 12);
    const found = await plan({ requests: 37 - requests });
    assert.deepEqual([found.requests, found.remaining], [25, 15]);
    assert.match(describePlan(found, "tone"), /would do 25 of 40[^]*pending afterwards: 15/);
    assert.deepEqual((await plan({ requests: -1 })).requests, 0);
  }));

Deno.test("a plan counts the answers that wait apart, and asks for none of them", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    const segment = await AnswerSegment.create(paths.answers("tone", LABELLED.labelSetId));
    const kept = POSTS.slice(0, 10).map((post) => segment.append(answer(post)));
    const failed = { ...answer(POSTS[10]!), answer: null, reason: "unavailable" as const };
    await Promise.all([...kept, segment.append(failed)]);
    await segment.close();
    // A run that was killed leaves half a line; the run may also be under way.
    await Deno.writeTextFile(segment.path, '{"uri":"at://', { append: true });
    const before = await Deno.readTextFile(segment.path);
    const waiting = await waitingPosts(paths, "tone", LABELLED.labelSetId);
    assert.equal(await Deno.readTextFile(segment.path), before);
    const found = await plan({ posts: 20 }, waiting);
    assert.deepEqual([found.waiting, found.requests, found.remaining], [10, 20, 10]);
    assert.match(describePlan(found, "tone"), /would do 20 of 40[^]*10 answers of a run that died/);
  }));
