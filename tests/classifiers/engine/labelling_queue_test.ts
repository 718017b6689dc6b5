import assert from "node:assert/strict";
import { AnswerSegment } from "../../../etl/answers/answer_segment.ts";
import { mergeAnswers } from "../../../etl/answers/answer_merge.ts";
import { LabellingQueue } from "../../../classifiers/engine/labelling_queue.ts";
import type { PaidClassifier } from "../../../classifiers/engine/paid_classifier.ts";
import { type SamplePlan, uniform } from "../../../etl/sampling/sample.ts";
import { openDatabase, row } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withData } from "../../rows.ts";
import { answer, DAY, LABELLED, READER, writePosts } from "./labelled_day.ts";

const POSTS = 200;

interface Run {
  seed?: string;
  rate?: number;
  /** Fewest characters of a post. */
  judgedBy?: string;
  unscorable?: PaidClassifier["unscorable"];
}

/** Give something that runs over the pending posts as the engine does, to its end. */
async function withRuns(
  test: (
    run: (how: Run) => Promise<{ taken: string[]; warnings: string[] }>,
    labels: () => Promise<Record<string, number>>,
  ) => Promise<void>,
): Promise<void> {
  await withData(async (data) => {
    using database = await openDatabase(data);
    const paths = new DataPaths(data);
    await writePosts(paths, { passed: POSTS });
    const run = async ({ seed = "1", rate = 1, judgedBy, unscorable = () => undefined }: Run) => {
      const warnings: string[] = [];
      const classifier = {
        name: "tone",
        labelSet: READER.labelSet,
        request: ({ text }) => text,
        unscorable,
        ...judgedBy === undefined ? {} : { judgedBy },
      } as PaidClassifier;
      const plan: SamplePlan = { seed, passed: { rate }, filteredOutRate: 1 };
      const options = { records: true, warn: (text: string) => warnings.push(text) };
      const queue = new LabellingQueue(database, paths, classifier, plan, options);
      await queue.survey();
      const posts = await Array.fromAsync(queue.posts());
      const segment = await AnswerSegment.create(paths.answers("tone", LABELLED.labelSetId));
      await Promise.all(posts.map((post) => {
        const reason = unscorable(post);
        return segment.append(
          reason ? { ...answer(post), answer: null, request_hash: null, reason } : answer(post),
        );
      }));
      await segment.close();
      await mergeAnswers(database, paths, READER, (date) => queue.sampleOf(date));
      await queue.settle();
      return { taken: posts.map(({ uri }) => uri), warnings };
    };
    const labels = async () =>
      await row<Record<string, number>>(
        database,
        `SELECT count(*) AS rows, count(*) FILTER (was_successfully_labeled) AS labelled,
           sum(1 / label_prob) AS weight, min(label_prob) AS least, max(label_prob) AS most
         FROM read_parquet('${paths.labels("tone", DAY)}', hive_partitioning = false)`,
      );
    await test(run, labels);
  });
}

// Invariant 8
Deno.test("a day keeps the seed by which it was begun, and is told to where there is more to draw", () =>
  withRuns(async (run, labels) => {
    const first = await run({ seed: "1", rate: 0.3 });
    assert.ok(first.taken.length > 20 && first.warnings.length === 0);
    assert.deepEqual(await run({ seed: "2", rate: 0.3 }), { taken: [], warnings: [] });
    const more = await run({ seed: "2", rate: 0.6 });
    assert.match(
      more.warnings[0]!,
      /^2026-06-01 was begun with another seed \(1\).*Seed 2 applies to days/,
    );
    assert.ok(more.taken.length > 20);
    for (const uri of more.taken) assert.ok(uniform(uri, "1") < 0.6);
    const found = await labels();
    assert.deepEqual([found.least, found.most], [0.6, 0.6]);
    assert.equal(Math.round(found.weight!), Math.round(found.rows! / 0.6));
    assert.ok(found.rows! < 0.75 * POSTS, "the rows of two seeds are together");
  }));

// Invariant 7
Deno.test("posts that were never asked about are judged again where the settings changed, once", () =>
  withRuns(async (run, labels) => {
    const even = {
      judgedBy: "even",
      unscorable: ({ uri }: { uri: string }) => /[13579]$/.test(uri),
    };
    const strict: Run = {
      judgedBy: even.judgedBy,
      unscorable: (post) => even.unscorable(post) ? "text_too_short" : undefined,
    };
    await run(strict);
    assert.deepEqual((await run(strict)).taken, []);
    assert.equal((await labels()).labelled, POSTS / 2);
    const loose = await run({ judgedBy: "all" });
    assert.equal(loose.taken.length, POSTS / 2, "those with a label keep it");
    assert.equal((await labels()).labelled, POSTS);
    assert.deepEqual((await run({ judgedBy: "all" })).taken, []);
  }));
