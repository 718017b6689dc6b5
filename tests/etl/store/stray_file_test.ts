import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { DataPaths } from "../../../etl/store/paths.ts";
import { open } from "../../../notebooks/lib.ts";
import { rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
const DAY = "2026-06-01";

/** Give what tasks and views count in a folder, and what status warns of. */
async function counted(data: string) {
  const { stdout } = await runTask(["status", "--data", data, "--json"], CLOCK);
  const { tables, label_sets, warnings } = JSON.parse(stdout);
  const aggregated = await runTask(["aggregate", "--data", data, "--json"], CLOCK);
  assert.equal(aggregated.code, 0, aggregated.stderr);
  const { days, days_unchanged } = JSON.parse(aggregated.stdout);
  const study = await open(data, { engine: "native" });
  const views = await study.sql`SELECT (SELECT count(*) FROM posts) AS posts,
    (SELECT count(*) FROM posts_dictionary) AS labels, (SELECT count(*) FROM aggregates) AS cells,
    (SELECT count(*) FROM label_sets) AS sets, (SELECT max(date) FROM posts)::VARCHAR AS last`;
  const named = tables.filter(({ table }: { table: string }) => !/^(raw|runs)/.test(table));
  const sizes = named.map(({ table, rows }: { table: string; rows: number }) => [table, rows]);
  return {
    warnings,
    counts: { sizes, label_sets, days: days + days_unchanged, views: views.objects() },
  };
}

Deno.test("a copy that lies beside the one file of a table is counted nowhere and named", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const rows = ["1", "2"].map((key) => ({
      uri: uri(key),
      cid: key,
      event_time: `${DAY} 10:00:00`,
      text: "The senate votes on the bill tonight and congress debates it",
    }));
    await folder.raw("firehose", DAY, `a.${DAY}_${DAY}`, rows);
    for (const task of ["preprocess", "classify:dictionary", "aggregate"]) {
      const { code, stderr } = await runTask([task, "--data", data], CLOCK);
      assert.equal(code, 0, stderr);
    }
    const before = await counted(data);
    assert.deepEqual(before.warnings, []);
    const paths = new DataPaths(data);
    const own = [
      paths.posts(DAY),
      paths.labels("dictionary", DAY),
      paths.aggregates(DAY),
      paths.labelSets("dictionary"),
    ];
    const strays = [
      ...own.map((path) => path.replace(/\.parquet$/, " (copy).parquet")),
      join(data, "posts", "date=bad", "posts.parquet"),
      join(data, "posts", `date=${DAY}`, "old", "posts.parquet"),
    ];
    for (const [index, path] of strays.entries()) {
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.copyFile(own[index] ?? own[0]!, path);
    }
    const after = await counted(data);
    assert.deepEqual(after.counts, before.counts);
    assert.equal(after.warnings.length, 1);
    assert.match(after.warnings[0], /and 3 more: no task writes files of that name/);
    assert.deepEqual(paths.allStrays().sort(), strays.sort());
    const built = await runTask(["preprocess", "--data", data], CLOCK);
    assert.match(built.stderr, /warning: .*posts \(copy\)\.parquet, .*move copies out/);

    // What is deleted is deleted there too.
    const forgotten = await runTask(["forget", uri("1"), "--data", data], CLOCK);
    assert.equal(forgotten.code, 0, forgotten.stderr);
    await runTask(["preprocess", "--data", data], CLOCK);
    for (const path of strays.filter((path) => path.includes("/posts/"))) {
      const left = await query(data, `SELECT uri FROM read_parquet('${path}')`);
      assert.deepEqual(left, [{ uri: uri("2") }], path);
    }
  }));

Deno.test("a copy of a part or of a run is counted nowhere and named by every task that looks", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const paths = new DataPaths(data);
    await folder.raw("firehose", DAY, `a.${DAY}_${DAY}`, [
      { uri: uri("1"), cid: "1", event_time: `${DAY} 10:00:00`, text: "The senate votes tonight" },
    ]);
    await folder.coverage(DAY, "a", [`${DAY} 10:00:00`]);
    for (const task of ["preprocess", "classify:dictionary"]) {
      assert.equal((await runTask([task, "--data", data], CLOCK)).code, 0);
    }
    const looks = async () => {
      const { stdout } = await runTask(["status", "--data", data, "--json"], CLOCK);
      const { tables, coverage } = JSON.parse(stdout);
      const rows = tables.map(({ table, rows }: { table: string; rows: number }) => [table, rows]);
      const study = await open(data, { engine: "native" });
      const views = await study.sql`SELECT (SELECT sum(events)::INTEGER FROM coverage) AS events,
        (SELECT count(*) FROM runs)::INTEGER AS runs`;
      return { rows, coverage, views: views.objects() };
    };
    const before = await looks();
    const strays: string[] = [];
    for (const table of ["raw/firehose", "coverage", "runs"]) {
      for (const { path } of paths.files(table)) {
        for (const end of [" (1)", " - Copy", ".sync-conflict-20260602-101010-ABCDEFG"]) {
          strays.push(path.replace(/\.parquet$/, `${end}.parquet`));
          await Deno.copyFile(path, strays.at(-1)!);
        }
      }
    }
    const moved = join(data, "coverage", `date=${DAY} (copy)`, "a.parquet");
    await Deno.mkdir(dirname(moved));
    await Deno.copyFile(paths.coveragePart(DAY, "a"), moved);
    assert.deepEqual(paths.allStrays().sort(), [...strays, moved].sort());
    assert.deepEqual(await looks(), before);
    for (const task of ["status", "methods", "export", "preprocess"]) {
      const { code, stderr } = await runTask([task, "--data", data], CLOCK);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /warning: .* \(1\)\.parquet.*: no task writes files of that name/, task);
    }
    const { stdout } = await runTask(["doctor", "--data", data, "--json"], CLOCK);
    const found = JSON.parse(stdout).findings.find(({ check }: { check: string }) =>
      check === "strays"
    );
    assert.equal(found.level, "warning");
    assert.match(found.found, / \(1\)\.parquet/);
  }));
