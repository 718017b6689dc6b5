/** A data folder that an earlier version wrote is read, and goes on, as if this one had written it. */
import assert from "node:assert/strict";
import { open } from "../notebooks/lib.ts";
import { query, withData } from "./rows.ts";
import { ROOT, runTask } from "./task.ts";

/** The demo's study of commit 78e1a5e, with a panel, an export and a check beside it. */
const ARCHIVE = `${ROOT}tests/fixtures/study_78e1a5e.tar.gz`;
const STUDY = `${ROOT}demo/study.yaml`;
const ENV = { CIVICSKY_CLOCK: "2026-06-08T03:00:00Z" };
/** Posts that each classifier labelled then, as that version said. */
const LABELLED = { dictionary: 289, perspective: 285, sociopolitical: 293, attributes: 293 };

async function withEarlierStudy(
  run: (
    data: string,
    task: (...args: string[]) => Promise<Record<string, unknown>>,
  ) => Promise<void>,
): Promise<void> {
  await withData(async (data) => {
    const { success } = await new Deno.Command("tar", { args: ["-xzf", ARCHIVE, "-C", data] })
      .output();
    assert.ok(success);
    await run(data, async (...args) => {
      const { code, stdout, stderr } = await runTask(
        [...args, "--data", data, "--study", STUDY, "--json"],
        ENV,
      );
      assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
      return JSON.parse(stdout);
    });
  });
}

// Invariant 13
Deno.test("status reads a study of an earlier version whole", () =>
  withEarlierStudy(async (_, task) => {
    const { label_sets, tables } = await task("status") as {
      label_sets: { classifier: string; labelled: number; untried: number }[];
      tables: { table: string; rows: number }[];
    };
    const labelled = Object.fromEntries(
      label_sets.map(({ classifier, labelled }) => [classifier, labelled]),
    );
    assert.deepEqual(labelled, LABELLED);
    assert.equal(tables.find(({ table }) => table === "posts")!.rows, 404);
  }));

// Invariant 13
Deno.test("tasks go on with a study of an earlier version and do nothing a second time", () =>
  withEarlierStudy(async (data, task) => {
    const posts = "SELECT count(*) AS n, bit_xor(hash(p))::VARCHAR AS rows " +
      "FROM read_parquet('{data}/posts/*/*.parquet') p";
    const before = await query(data, posts);
    const { days, days_unchanged } = await task("preprocess");
    assert.deepEqual([days, days_unchanged], [7, 7]);
    assert.deepEqual(await query(data, posts), before);
    assert.equal((await task("classify:dictionary")).labelled, 0);
    const cells = posts.replace("posts", "aggregates");
    const counted = await query(data, cells);
    // Unpacked files have no times that tell which is newer.
    await task("aggregate");
    assert.deepEqual(await query(data, cells), counted);
    assert.equal((await task("export")).posts, 404);
    await task("methods");
    await task("compact");
    const { overdue } = await task("status", "--check") as { overdue: unknown[] };
    assert.deepEqual(overdue, []);
  }));

// Invariant 13
Deno.test("a removal reaches posts, labels, panel and export of an earlier version", () =>
  withEarlierStudy(async (data, task) => {
    const [post] = await query<{ uri: string }>(
      data,
      "SELECT uri FROM read_parquet('{data}/panels/bridge/posts.parquet') ORDER BY uri LIMIT 1",
    );
    const { removed_rows } = await task("forget", post!.uri) as {
      removed_rows: Record<string, number>;
    };
    for (const table of ["posts", "panels/bridge", "labels/perspective", "exports"]) {
      assert.ok(removed_rows[table]! > 0, `${table}: ${JSON.stringify(removed_rows)}`);
    }
    const left = await query(
      data,
      `SELECT uri FROM read_parquet('{data}/posts/*/*.parquet') WHERE uri = '${post!.uri}'`,
    );
    assert.deepEqual(left, []);
  }));

// Invariant 13
Deno.test("the views show what an earlier version labelled", () =>
  withEarlierStudy(async (data) => {
    const { sql } = await open(data);
    for (const [classifier, n] of Object.entries(LABELLED)) {
      const table = await sql([
        `SELECT count(*) FILTER (was_successfully_labeled) AS n FROM posts_${classifier}`,
      ] as unknown as TemplateStringsArray);
      assert.deepEqual(table.objects(), [{ n }], classifier);
    }
    const cells = await sql`SELECT sum(n_posts) AS n FROM aggregates
      WHERE source = 'all' AND label = 'posts'`;
    assert.deepEqual(cells.objects(), [{ n: 404 }]);
  }));
