import assert from "node:assert/strict";
import { query, withData } from "../rows.ts";
import { rawFolder, uri } from "../raw.ts";
import { runTask } from "../task.ts";
import { labelTable } from "../../etl/labels/label_file.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { POSTS } from "../../etl/store/tables.ts";
import { writeRows } from "../table_file.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
const POLITICAL = "The senate voted on the budget bill after a long night of debate";
const OTHER = "My cat slept on the warm stove all afternoon and nobody minded at all";

Deno.test("hourly cells equal a scan of posts and labels, with sums over authors", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const authors = ["a", "b", "c"].map((letter) => `did:plc:${letter.repeat(24)}`);
    const posts = Array.from({ length: 60 }, (_, i) => ({
      uri: uri(String(i).padStart(2, "0"), authors[i % 7 % 3]),
      cid: `c${i}`,
      event_time: `2026-06-01 ${10 + i % 4}:30:00`,
      text: i % 11 === 0
        ? "kurz und deutsch geschrieben, damit niemand es liest"
        : i % 3
        ? OTHER
        : POLITICAL,
    }));
    await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", posts);
    await folder.raw(
      "most_liked",
      "2026-06-01",
      "b.2026-06-01_2026-06-01",
      posts.slice(0, 9).map((post, i) => ({
        ...post,
        feed: "f",
        rank: i + 1,
        like_count: 99,
      })),
    );
    for (const task of ["preprocess", "classify:dictionary", "aggregate"]) {
      assert.equal((await runTask([task, "--data", data], CLOCK)).code, 0);
    }
    const cells = await query(
      data,
      `SELECT hour, source, passed_filters, n_posts, n_labeled, n_failed,
        n_authors, sum_y, sum_n, sum_y_y, sum_y_n, sum_n_n
      FROM read_parquet('{data}/aggregates/*/*.parquet') WHERE label = 'is_political' ORDER BY ALL`,
    );
    const labelled = await query<Record<string, unknown>>(
      data,
      `SELECT p.*, l.is_political, l.was_successfully_labeled AS ok
      FROM read_parquet('{data}/posts/*/*.parquet') p
      JOIN read_parquet('{data}/labels/dictionary/*/*.parquet') l USING (uri, cid)`,
    );
    const wanted = new Map<
      string,
      { authors: Map<unknown, [number, number]>; n: number; ok: number }
    >();
    for (const post of labelled) {
      for (const source of ["all", "firehose", "most_liked"]) {
        if (source !== "all" && !post[`in_${source}`]) continue;
        const key = JSON.stringify([
          `${String(post.reference_time).slice(0, 13)}:00:00`,
          source,
          post.passed_filters,
        ]);
        const cell = wanted.get(key) ?? { authors: new Map(), n: 0, ok: 0 };
        const [y, n] = cell.authors.get(post.did) ?? [0, 0];
        cell.authors.set(post.did, [y + (post.is_political ? 1 : 0), n + (post.ok ? 1 : 0)]);
        cell.n++;
        cell.ok += post.ok ? 1 : 0;
        wanted.set(key, cell);
      }
    }
    const rows = [...wanted].sort(([a], [b]) => a < b ? -1 : 1).map(([key, { authors, n, ok }]) => {
      const [hour, source, passed] = JSON.parse(key);
      const sum = (f: (y: number, n: number) => number) =>
        [...authors.values()].reduce((total, [y, n]) => total + f(y, n), 0);
      return [
        hour,
        source,
        passed,
        n,
        ok,
        n - ok,
        authors.size,
        sum((y) => y),
        sum((_, n) => n),
        sum((y) => y * y),
        sum((y, n) => y * n),
        sum((_, n) => n * n),
      ];
    });
    assert.ok(rows.length >= 8);
    assert.deepEqual(cells.map((cell) => Object.values(cell)), rows);
    const [all] = await query(
      data,
      `SELECT sum(n_posts) AS n FROM read_parquet('{data}/aggregates/*/*.parquet')
      WHERE label = 'posts' AND source = 'all'`,
    );
    assert.equal(all!.n, 60);
  }));

Deno.test("only days that changed are counted again, and days without posts lose their cells", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", [{
      uri: uri("1"),
      event_time: "2026-06-01 10:00:00",
    }]);
    await folder.raw("firehose", "2026-06-05", "b.2026-06-05_2026-06-05", [{
      uri: uri("2"),
      event_time: "2026-06-05 10:00:00",
    }]);
    await runTask(["preprocess", "--data", data], CLOCK);
    const count = async () =>
      JSON.parse((await runTask(["aggregate", "--data", data, "--json"], CLOCK)).stdout);
    assert.deepEqual((({ days, days_unchanged }) => [days, days_unchanged])(await count()), [2, 0]);
    assert.deepEqual((({ days, days_unchanged }) => [days, days_unchanged])(await count()), [0, 2]);
    await folder.tombstone("2026-06-05", "t", [{ subject: uri("2"), at: "2026-06-05 11:00:00" }]);
    await runTask(["preprocess", "--data", data], CLOCK);
    await count();
    const days = await query(
      data,
      "SELECT DISTINCT date::VARCHAR AS day FROM read_parquet('{data}/aggregates/*/*.parquet')",
    );
    assert.deepEqual(days.map((row) => row.day), ["2026-06-01"]);
  }));

// Invariant 8
Deno.test("a label weighs 1 / label_prob, and one without label_prob is counted and in no sum", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    const post = (name: string) => ({
      uri: uri(name),
      cid: name,
      did: `did:plc:${name}`,
      reference_time: "2026-06-01 10:30:00",
      in_firehose: true,
      passed_filters: true,
    });
    const label = (name: string, is_political: boolean, label_prob: number | null) => ({
      uri: uri(name),
      cid: name,
      label_set_id: "a".repeat(16),
      was_successfully_labeled: true,
      label_prob,
      is_political,
    });
    await writeRows(POSTS, ["a", "b", "c", "d"].map(post), paths.posts("2026-06-01"));
    await writeRows(labelTable({ is_political: "BOOLEAN" }), [
      label("a", true, 0.25),
      label("b", false, 0.5),
      label("c", true, null),
      label("d", false, null),
    ], paths.labels("model", "2026-06-01"));
    assert.equal((await runTask(["aggregate", "--data", data], CLOCK)).code, 0);
    const cells = await query(
      data,
      `SELECT n_posts, n_labeled, n_authors, sum_y, sum_n, sum_y_y, sum_y_n, sum_n_n
       FROM read_parquet('{data}/aggregates/*/*.parquet')
       WHERE label = 'is_political' AND source = 'all'`,
    );
    assert.deepEqual(cells.map((cell) => Object.values(cell)), [[4, 4, 4, 4, 6, 16, 16, 20]]);
  }));

Deno.test("cells are kept of what a language model says too, for each label set by itself", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    const names = ["a", "b", "c", "d"];
    const posts = names.map((name) => ({
      uri: uri(name),
      cid: name,
      did: `did:plc:${name}`,
      reference_time: "2026-06-01 10:30:00",
      in_jetstream: true,
      passed_filters: true,
    }));
    const label = (name: string, set: string, is_sociopolitical: boolean | null) => ({
      uri: uri(name),
      cid: name,
      label_set_id: set.repeat(16),
      was_successfully_labeled: is_sociopolitical !== null,
      reason: is_sociopolitical === null ? "refused" : null,
      label_prob: 0.5,
      is_sociopolitical,
      lean: is_sociopolitical ? "left" : null,
    });
    await writeRows(POSTS, posts, paths.posts("2026-06-01"));
    const table = labelTable({ is_sociopolitical: "BOOLEAN", lean: "VARCHAR" });
    await writeRows(table, [
      label("a", "1", true),
      label("b", "1", false),
      label("c", "1", null),
      label("a", "2", false),
    ], paths.labels("sociopolitical", "2026-06-01"));
    assert.equal((await runTask(["aggregate", "--data", data], CLOCK)).code, 0);
    const cells = await query(
      data,
      `SELECT label_set_id[1] AS label_set, n_posts, n_labeled, n_failed, sum_y, sum_n
       FROM read_parquet('{data}/aggregates/*/*.parquet')
       WHERE classifier = 'sociopolitical' AND label = 'is_sociopolitical' AND source = 'all'
       ORDER BY label_set`,
    );
    assert.deepEqual(cells.map((cell) => Object.values(cell)), [
      ["1", 3, 2, 1, 2, 4],
      ["2", 1, 1, 0, 0, 2],
    ]);
  }));
