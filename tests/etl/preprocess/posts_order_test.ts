/** The rules of `posts` when days come late, twice, in any order, or not at all. */
import assert from "node:assert/strict";
import { query, withData } from "../../rows.ts";
import { rawFolder, uri } from "../../raw.ts";
import { runTask } from "../../task.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };

type Rows = Record<string, unknown>[];

/** Three days whose posts lap over into each other, and a feed that saw some of them again. */
const DAYS: Record<string, { source: string; day: string; rows: Rows }> = {
  first: {
    source: "firehose",
    day: "2026-06-01",
    rows: [
      post("a", "2026-06-01 09:00:00", { rev: "r1", text: "the first version of this" }),
      post("b", "2026-06-01 23:58:00"),
      post("c", "2026-06-01 23:59:30", { created_at: "2026-06-02T00:01:00Z" }),
    ],
  },
  second: {
    source: "firehose",
    day: "2026-06-02",
    rows: [
      post("b", "2026-06-01 23:58:00"),
      post("d", "2026-06-02 00:20:00", { created_at: "2026-06-01T23:40:00Z" }),
      post("e", "2026-06-02 12:00:00", { created_at: "1985-01-01T00:00:00Z" }),
    ],
  },
  third: {
    source: "firehose",
    day: "2026-06-03",
    rows: [
      post("a", "2026-06-03 08:00:00", { rev: "r2", text: "the second version of this" }),
      post("e", "2026-06-03 08:00:01", { created_at: "1985-01-01T00:00:00Z" }),
      post("f", "2026-06-03 12:00:00"),
    ],
  },
  feed: {
    source: "most_liked",
    day: "2026-06-03",
    rows: [
      post("a", "2026-06-01 09:00:02", { feed: "f", rank: 1, like_count: 7 }),
      post("c", "2026-06-01 23:59:30", {
        created_at: "2026-06-02T00:01:00Z",
        feed: "f",
        rank: 2,
        like_count: 5,
      }),
    ],
  },
};

function post(name: string, event_time: string, more: Record<string, unknown> = {}) {
  return {
    uri: uri(name),
    event_time,
    created_at: `${event_time.replace(" ", "T")}Z`,
    rev: "r0",
    ...more,
  };
}

async function lay(data: string, name: string, part = name): Promise<string> {
  const { source, day, rows } = DAYS[name]!;
  const times = rows.map(({ event_time }) => String(event_time).slice(0, 10)).sort();
  const folder = await rawFolder(data);
  return await folder.raw(source, day, `${part}.${times[0]}_${times.at(-1)}`, rows);
}

async function build(data: string) {
  const { code, stdout, stderr } = await runTask(["preprocess", "--data", data, "--json"], CLOCK);
  assert.equal(code, 0, stderr);
  return { summary: JSON.parse(stdout), stderr };
}

const posts = (data: string) =>
  query(data, "SELECT * FROM read_parquet('{data}/posts/*/*.parquet') ORDER BY uri, date");

async function builtAtOnce(names: string[]) {
  let rows: Awaited<ReturnType<typeof posts>> = [];
  await withData(async (data) => {
    for (const name of names) await lay(data, name);
    await build(data);
    rows = await posts(data);
  });
  return rows;
}

Deno.test("days that come in another order, one a run, end with the rows of all at once", () =>
  withData(async (data) => {
    const all = await builtAtOnce(["first", "second", "third", "feed"]);
    assert.deepEqual(
      all.map(({ uri, date }) => [String(uri).at(-1), date]),
      [
        ["a", "2026-06-01"],
        ["b", "2026-06-01"],
        ["c", "2026-06-02"],
        ["d", "2026-06-01"],
        ["e", "2026-06-02"],
        ["f", "2026-06-03"],
      ],
    );
    assert.deepEqual(
      [all[0]!.text, all[0]!.reference_time, all[0]!.like_count],
      ["the second version of this", "2026-06-01 09:00:00", 7],
    );
    for (const name of ["feed", "third", "first", "second"]) {
      await lay(data, name);
      const { stderr } = await build(data);
      assert.doesNotMatch(stderr, /warning/);
      const uris = (await posts(data)).map((row) => row.uri);
      assert.equal(new Set(uris).size, uris.length, `one row a uri after ${name}`);
    }
    assert.deepEqual(await posts(data), all);
  }));

Deno.test("days that come twice change nothing, and a day that is missing takes none of the others along", () =>
  withData(async (data) => {
    const some = await builtAtOnce(["first", "third"]);
    await lay(data, "first");
    await lay(data, "third");
    await build(data);
    assert.deepEqual(await posts(data), some);
    await lay(data, "first", "again");
    await lay(data, "third", "once-more");
    const { summary } = await build(data);
    assert.deepEqual(await posts(data), some);
    assert.deepEqual([summary.days, summary.days_unchanged], [3, 3]);
  }));

Deno.test("a post that turns out to be older leaves the day it stood in", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const late = { created_at: "1985-01-01T00:00:00Z" };
    await folder.raw("firehose", "2026-06-05", "b.2026-06-05_2026-06-05", [
      post("x", "2026-06-05 10:00:00", late),
    ]);
    await build(data);
    assert.deepEqual((await posts(data)).map((row) => row.date), ["2026-06-05"]);
    await folder.raw("firehose", "2026-06-02", "a.2026-06-02_2026-06-02", [
      post("x", "2026-06-02 10:00:00", late),
    ]);
    const { stderr } = await build(data);
    assert.deepEqual((await posts(data)).map((row) => row.date), ["2026-06-02"]);
    assert.doesNotMatch(stderr, /warning/);
  }));

Deno.test("only days whose rows change are written again", () =>
  withData(async (data) => {
    for (const name of ["first", "second", "third"]) await lay(data, name);
    await build(data);
    const times = async () => {
      const found: Record<string, number> = {};
      for (const day of ["2026-06-01", "2026-06-02", "2026-06-03"]) {
        const { mtime } = await Deno.stat(`${data}/posts/date=${day}/posts.parquet`);
        found[day] = mtime!.getTime();
      }
      return found;
    };
    const before = await times();
    assert.equal((await build(data)).summary.days_unchanged, 3);
    assert.deepEqual(await times(), before);
    // The feed brings counts for posts of the first and the second.
    await lay(data, "feed");
    assert.equal((await build(data)).summary.days_unchanged, 1);
    const after = await times();
    assert.equal(after["2026-06-03"], before["2026-06-03"]);
    assert.notEqual(after["2026-06-01"], before["2026-06-01"]);
    assert.notEqual(after["2026-06-02"], before["2026-06-02"]);
    // A file that somebody damaged is not taken for unchanged.
    await Deno.writeTextFile(`${data}/posts/date=2026-06-03/posts.parquet`, "no parquet");
    assert.equal((await build(data)).summary.days_unchanged, 2);
    assert.equal((await posts(data)).length, 6);
  }));
