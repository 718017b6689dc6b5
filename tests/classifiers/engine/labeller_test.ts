import assert from "node:assert/strict";
import type { QueuedPost } from "../../../classifiers/engine/asked_post.ts";
import { Labeller } from "../../../classifiers/engine/labeller.ts";
import { UserError } from "../../../etl/run/error.ts";
import { ANSWER, queued, refusal, type ToldRun, withRun } from "./told_service.ts";

/** So long no run waits for a post. */
const HOUR_MS = 3_600_000;

interface Way {
  workers?: number;
  limit?: number;
  signal?: AbortSignal;
}

async function label(
  told: ToldRun,
  posts: AsyncGenerator<QueuedPost, void>,
  { workers = 4, limit, signal = new AbortController().signal }: Way = {},
): Promise<void> {
  await new Labeller({ ...told, posts, workers, limit, signal, onProgress: () => {} }).run();
}

async function* all(posts: QueuedPost[]): AsyncGenerator<QueuedPost, void> {
  yield* posts;
}

/** Give posts one by one, each when nothing is left to do for those before. */
async function* apart(told: ToldRun, posts: QueuedPost[]): AsyncGenerator<QueuedPost, void> {
  for (const [index, post] of posts.entries()) {
    while (told.counts.done < index) await new Promise((resolve) => setTimeout(resolve, 5));
    yield post;
  }
}

function twins(...names: string[]): QueuedPost[] {
  return names.map((name) => queued(name, { text: "the very same words", is_repeated: true }));
}

// Invariant 3
Deno.test("posts of one text are asked for once, however far apart they come", () =>
  withRun([], async (told) => {
    await label(told, apart(told, twins("a", "b", "c")));
    assert.equal(told.asked.length, 1);
    assert.deepEqual([told.counts.labelled, told.counts.reused], [3, 2]);
    assert.equal(new Set(told.lines().map(({ answer }) => answer)).size, 1);
  }));

Deno.test("posts of one text that come at once are asked for once", () =>
  withRun([], async (told) => {
    await label(told, all([queued("first"), ...twins("a", "b", "c", "d")]));
    assert.equal(told.asked.length, 2);
    assert.deepEqual([told.counts.labelled, told.lines().length], [5, 5]);
  }));

Deno.test("a refusal of a text is that of its twins, and a failure that passes is not", () =>
  withRun([ANSWER, refusal("rejected"), refusal("passing", HOUR_MS)], async (told) => {
    const others = twins("c", "d").map((post) => ({ ...post, text: "other words" }));
    const posts = [queued("first"), ...twins("a", "b"), ...others];
    await label(told, apart(told, posts), { workers: 1 });
    assert.deepEqual(told.counts.failed, { rejected: 2, timed_out: 1 });
    assert.equal(told.counts.labelled, 2);
    assert.equal(told.asked.length, 4);
  }));

// Invariant 8
Deno.test("posts are pulled in their order, and a limit pulls no more of them than it says", () =>
  withRun([], async (told) => {
    const posts = Array.from({ length: 30 }, (_, index) => queued(`${index}`));
    let pulled = 0;
    const counted = async function* () {
      for (const post of posts) {
        pulled++;
        yield post;
      }
    };
    await label(told, counted(), { limit: 12 });
    assert.deepEqual([pulled, told.stop.reason, told.lines().length], [12, "limit", 12]);
    assert.deepEqual(told.asked, posts.slice(0, 12).map(({ text }) => text));
  }));

Deno.test("a fatal refusal ends the run after its first request, whatever the number of workers", () =>
  withRun([refusal("fatal")], async (told) => {
    const posts = Array.from({ length: 30 }, (_, index) => queued(`${index}`));
    await assert.rejects(label(told, all(posts), { workers: 20 }), UserError);
    assert.deepEqual([told.asked.length, told.lines()], [1, []]);
  }));

Deno.test("a run that is ended before it begins asks for nothing", () =>
  withRun([], async (told) => {
    await label(told, all([queued("a")]), { signal: AbortSignal.abort() });
    assert.deepEqual([told.asked, told.stop.reason], [[], "signal"]);
  }));
