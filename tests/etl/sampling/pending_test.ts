import assert from "node:assert/strict";
import { findPending, pendingPages, type PendingPost } from "../../../etl/sampling/pending.ts";
import { storedAnswers } from "../../../etl/answers/stored_answers.ts";
import { ANSWER_COLUMNS } from "../../../etl/labels/paid_answer.ts";
import { labelTable } from "../../../etl/labels/label_file.ts";
import { type Database, openDatabase } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { DAY, LABELLED, sample, writePosts } from "../../classifiers/engine/labelled_day.ts";

async function read(database: Database, paths: DataPaths, size?: number): Promise<PendingPost[][]> {
  return await Array.fromAsync(
    pendingPages(database, paths, DAY, size ? { size, readAtOnce: 2 * size } : {}),
  );
}

async function writeLabels(paths: DataPaths, rows: Record<string, unknown>[]) {
  await writeRows(
    labelTable(ANSWER_COLUMNS),
    rows.map(({ name, ...row }) => ({
      uri: uri(`${name}`),
      cid: `cid-${name}`,
      label_set_id: LABELLED.labelSetId,
      was_successfully_labeled: row.reason === undefined,
      ...row,
    })),
    paths.labels("tone", DAY),
  );
}

// Invariant 8
Deno.test("pages give every drawn post without a label once, by turn, in no more than a page at a time", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const paths = new DataPaths(data);
    await writePosts(paths, { most_liked: 30, passed: 1000, filtered_out: 1000 });
    const counts = await findPending(
      database,
      paths,
      LABELLED,
      sample({ passed: 0.4, filtered_out: 0.05 }),
    );
    const pages = await read(database, paths, 64);
    const posts = pages.flat();
    assert.ok(pages.every((page, index) => page.length === 64 || index === pages.length - 1));
    assert.equal(posts.length, counts.pending);
    assert.equal(new Set(posts.map(({ uri }) => uri)).size, counts.pending);
    assert.deepEqual(
      posts.map(({ turn }) => turn),
      posts.map(({ turn }) => turn).toSorted((a, b) => a - b),
    );
    assert.ok(posts.every(({ turn }) => turn >= 0 && turn < 1));
    // At half of the sample, half of each stratum is done.
    const half = posts.slice(0, posts.length / 2).filter(({ uri }) => uri.includes("passed"));
    assert.ok(Math.abs(half.length / 400 - 0.5) < 0.08, `${half.length}`);
    assert.equal(posts.filter(({ uri }) => uri.includes("most_liked")).length, 30);
    assert.deepEqual([counts.posts, counts.labelled, counts.failed], [2030, 0, 0]);
    assert.equal(counts.pending + counts.not_drawn + counts.filtered_out_not_drawn, 2030);
    assert.deepEqual((await read(database, paths)).map((page) => page.length), [counts.pending]);
  }));

// Invariant 7
Deno.test("a failure that passes is pending again, another one when it is asked for, a label never", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const paths = new DataPaths(data);
    await writePosts(paths, { passed: 6, filtered_out: 4 });
    await writeLabels(paths, [
      { name: "passed-0" },
      { name: "passed-1", reason: "too_long" },
      { name: "passed-2", reason: "timed_out" },
      { name: "passed-3", cid: "of an older version" },
      { name: "passed-4", label_set_id: "of another label set" },
      { name: "filtered_out-0" },
      { name: "filtered_out-1", reason: "timed_out" },
    ]);
    const pending = async (retryFailed: boolean) => {
      const counts = await findPending(
        database,
        paths,
        LABELLED,
        sample({ filtered_out: 0 }),
        { failed: retryFailed },
      );
      const names = (await read(database, paths)).flat().map((post) => post.uri.split("/").at(-1));
      return { counts, names: names.sort() };
    };
    assert.deepEqual(await pending(false), {
      names: ["passed-2", "passed-3", "passed-4", "passed-5"],
      counts: {
        posts: 10,
        pending: 4,
        labelled: 2,
        failed: 1,
        not_drawn: 0,
        in_batch: 0,
        filtered_out_not_drawn: 3,
      },
    });
    const again = await pending(true);
    assert.deepEqual(again.names, ["passed-1", "passed-2", "passed-3", "passed-4", "passed-5"]);
    assert.equal(again.counts.failed, 0);
  }));

Deno.test("posts of one text say so, and what is stored is found by its request", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const paths = new DataPaths(data);
    await writePosts(paths, { passed: 6 }, (row, index) => ({
      ...row,
      text_hash: index < 4 ? `same-${index % 2}` : row.text_hash,
    }));
    assert.deepEqual(await storedAnswers(database, paths, LABELLED, ["a"]), new Map());
    await writeLabels(paths, [
      { name: "passed-0", request_hash: "a", answer: "{1}" },
      { name: "passed-4", request_hash: "b", reason: "too_long" },
      { name: "passed-5", request_hash: "c", reason: "timed_out" },
      { name: "gone", request_hash: "d", answer: "{2}", label_set_id: "of another label set" },
      // What a model wrote about a post that was deleted since is emptied.
      { name: "emptied", request_hash: "e", answer: null, was_successfully_labeled: true },
    ]);
    const { pending } = await findPending(database, paths, LABELLED, sample());
    assert.equal(pending, 4);
    const posts = (await read(database, paths)).flat();
    assert.deepEqual(posts.map((post) => [post.uri, post.is_repeated]).sort(), [
      [uri("passed-1"), true],
      [uri("passed-2"), true],
      [uri("passed-3"), true],
      [uri("passed-5"), false],
    ]);
    assert.deepEqual(
      await storedAnswers(database, paths, LABELLED, ["a", "b", "c", "d", "e"]),
      new Map([
        ["a", { answer: "{1}", reason: null }],
        ["b", { answer: null, reason: "too_long" }],
      ]),
    );
  }));

// Invariant 11
Deno.test("a post that goes while a run is under way is in no later page", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const paths = new DataPaths(data);
    await writePosts(paths, { passed: 20 });
    await findPending(database, paths, LABELLED, sample());
    const pages = pendingPages(database, paths, DAY, { size: 5, readAtOnce: 5 });
    const first = (await pages.next()).value as PendingPost[];
    await writePosts(paths, { passed: 10 });
    const later = (await Array.fromAsync(pages)).flat();
    const names = [...first, ...later].map((post) => post.uri);
    assert.equal(new Set(names).size, names.length);
    assert.ok(later.every((post) => Number(post.uri.split("-").at(-1)) < 10));
    await Deno.remove(paths.posts(DAY));
    assert.deepEqual((await read(database, paths)).flat(), []);
  }));
