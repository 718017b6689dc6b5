import assert from "node:assert/strict";
import { type BatchClassifier, BatchTaking } from "../../../classifiers/batch/batch_taking.ts";
import { AnswerSegment } from "../../../etl/answers/answer_segment.ts";
import type { QueuedPost } from "../../../classifiers/engine/asked_post.ts";
import { type BatchedPost, batchedPosts } from "../../../etl/batches/batched_posts.ts";
import { LabellingCounts } from "../../../classifiers/engine/labelling_counts.ts";
import { LabellingStop } from "../../../classifiers/engine/labelling_stop.ts";
import { batchPaths, type OpenBatch } from "../../../etl/batches/open_batch.ts";
import type { Context } from "../../../etl/command/command.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withData } from "../../rows.ts";

const SET = "0123456789abcdef";
const DAY = "2026-06-01";
const classifier = {
  ...{ name: "sociopolitical", postsPerRequest: 1 },
  unscorable: () => undefined,
  request: ({ text }: QueuedPost) => text,
  expected: () => ({ tokens: 1, cost: 0.01 }),
  batchBody: (posts: QueuedPost[]) => ({ text: posts.map(({ text }) => text) }),
} as unknown as BatchClassifier;

function post(name: string, text: string, isRepeated = false): QueuedPost {
  return {
    ...{ uri: name, cid: name, text, text_hash: text, detected_language: "en", turn: 0 },
    ...{ date: DAY, is_repeated: isRepeated },
  };
}

/** Take posts; gives the posts of each batch that was sent, and the texts of its requests. */
async function take(
  data: string,
  posts: QueuedPost[],
  { bytes = 1e6, signal }: { bytes?: number; signal?: AbortController } = {},
): Promise<{ posts: BatchedPost[]; texts: string[] }[]> {
  const paths = new DataPaths(data);
  const sent: { posts: BatchedPost[]; texts: string[] }[] = [];
  const context = {
    ...{ paths, runId: "r", signal: (signal ?? new AbortController()).signal },
    progress: { update() {} },
  } as unknown as Context;
  const segment = await AnswerSegment.create(paths.answers("sociopolitical", SET));
  const taking = new BatchTaking({
    ...{ context, classifier, segment, limit: Infinity, budget: Infinity },
    head: {
      ...{ classifier: "sociopolitical", label_set_id: SET, model: "m", host: "h", folder: null },
    },
    posts: (async function* () {
      for (const [index, post] of posts.entries()) {
        if (index === posts.length - 1) signal?.abort();
        yield await Promise.resolve(post);
      }
    })(),
    counts: new LabellingCounts(),
    stop: new LabellingStop(),
    underWay: new Set(),
    most: { requests: 3, bytes },
    async send(batch: OpenBatch) {
      const { requests } = batchPaths(paths.batches("sociopolitical", SET), batch.name);
      const lines = (await Deno.readTextFile(requests)).trimEnd().split("\n");
      sent.push({
        posts: await Array.fromAsync(batchedPosts(paths, batch)),
        texts: lines.flatMap((line) => JSON.parse(line).body.text as string[]),
      });
    },
  });
  await taking.run();
  await segment.close();
  return sent;
}

Deno.test("a batch that is full by requests or bytes is sent, and the next one begun", () =>
  withData(async (data) => {
    const posts = Array.from({ length: 7 }, (_, index) => post(`p${index}`, `text ${index}`));
    const byRequests = await take(data, posts);
    assert.deepEqual(byRequests.map(({ texts }) => texts.length), [3, 3, 1]);
    assert.deepEqual(
      byRequests.flatMap(({ posts }) => posts.map(({ uri }) => uri)),
      posts.map(({ uri }) => uri),
    );
    const ids = byRequests.flatMap(({ posts }) => posts.map(({ custom_id }) => custom_id));
    assert.equal(new Set(ids).size, 7);
    const byBytes = await take(data, posts, { bytes: 250 });
    assert.deepEqual(byBytes.map(({ texts }) => texts.length), [2, 2, 2, 1]);
  }));

Deno.test("the same text is asked once a day; what comes after its batch was sent waits for it", () =>
  withData(async (data) => {
    const sent = await take(data, [
      post("a", "same", true),
      post("b", "own"),
      post("c", "same", true),
      post("d", "other"),
      post("e", "last"),
      post("f", "same", true),
    ]);
    assert.deepEqual(sent.map(({ texts }) => texts), [["same", "own", "other"], ["last"]]);
    const [first, second] = sent.map(({ posts }) => posts.map(({ uri }) => uri));
    assert.deepEqual([first, second], [["a", "b", "c", "d"], ["e"]]);
    const [a, , c] = sent[0]!.posts;
    assert.equal(a!.custom_id, c!.custom_id);
  }));

Deno.test("a signal leaves what is not sent, and no file of it", () =>
  withData(async (data) => {
    const signal = new AbortController();
    assert.deepEqual(await take(data, [post("a", "x"), post("b", "y")], { signal }), []);
    const folder = new DataPaths(data).batches("sociopolitical", SET);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));
