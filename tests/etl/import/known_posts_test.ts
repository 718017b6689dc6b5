/** Files of labels and counts for posts that are here, without the posts themselves. */
import assert from "node:assert/strict";
import { rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { quarantined, rawRows } from "../sources/firehose_run.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
const T = "2026-06-01T10:00:00Z";

async function task(data: string, name: string, ...args: string[]) {
  const { code, stdout, stderr } = await runTask(
    [name, ...args, "--data", data, "--json"],
    CLOCK,
  );
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function importLines(data: string, lines: string[], ...args: string[]) {
  await Deno.writeTextFile(`${data}/posts.csv`, [...lines, ""].join("\n"));
  return await task(data, "import", `${data}/posts.csv`, ...args);
}

/** Posts that a stream brought, one of them in two versions, and one that an import brought. */
async function posts(data: string) {
  await (await rawFolder(data)).raw(
    "firehose",
    "2026-06-01",
    "a.2026-06-01_2026-06-01",
    [["a", "a", "Rents rise"], ["b", "a", "Rents fall"], ["b", "b", "Kittens are lovely"]].map((
      [name, rev, text],
    ) => ({
      uri: uri(name!),
      rev,
      cid: `${name}${rev}`,
      text,
      event_time: "2026-06-01 10:00:00",
      created_at: T,
    })),
  );
  await importLines(data, ["uri,created_at,text", `${uri("c")},${T},Rents stand still`]);
  await task(data, "preprocess");
}

const LABELLED = `SELECT p.uri[-1:] AS post, l.labels['civic_label'] AS civic
  FROM '{data}/posts/*/*.parquet' p JOIN '{data}/labels/human/*/*.parquet' l
    ON l.uri = p.uri AND l.text_hash = p.text_hash ORDER BY post`;

for (
  const [what, header, cells] of [
    ["uri and label alone", "uri,civic_label", ""],
    ["missing times and texts", "uri,civic_label,created_at,text", ",NA,NA"],
    ["times that cannot be read", "uri,civic_label,created_at", ",yesterday"],
    ["times that are not believed", "uri,civic_label,created_at", ",1970-01-01"],
  ] as const
) {
  Deno.test(`labels of posts that are here come in with ${what}, and others wait for theirs`, () =>
    withData(async (data) => {
      await posts(data);
      const before = await rawRows(data, "import");
      const lines = [header, ...["a", "b", "c", "d"].map((one) => `${uri(one)},yes${cells}`)];
      const first = await importLines(data, lines);
      const [{ labels, found, by_uri_alone, of_no_version, without_post }] = first.found_labels;
      assert.deepEqual([first.new_posts, first.labels, first.posts_here_before], [0, 4, 3]);
      // Which version of b was labelled nobody knows.
      assert.deepEqual([labels, found, by_uri_alone, of_no_version, without_post], [4, 2, 2, 1, 1]);
      assert.match(first.warnings.join("\n"), /1 rows label posts that are not here/);
      // A time that cannot be read would have brought the post itself.
      const isAside = what.startsWith("times");
      assert.match(
        String(Object.entries(first.set_aside)),
        isAside ? /^(invalid_created_at|created_at_before_the_network),1$/ : /^$/,
      );
      if (isAside) assert.deepEqual(quarantined(data, "import").map(({ line }) => line), [5]);
      const here = [{ post: "a", civic: "yes" }, { post: "c", civic: "yes" }];
      assert.deepEqual(await query(data, LABELLED), here);
      await importLines(data, lines);
      await task(data, "preprocess");
      assert.deepEqual(await query(data, LABELLED), here);
      assert.deepEqual(await rawRows(data, "import"), before);
      await importLines(data, ["uri,created_at,text", `${uri("d")},${T},Rents at last`]);
      const [later] = (await task(data, "preprocess")).found_labels;
      assert.deepEqual([later.labels, later.found, later.without_post], [4, 3, 0]);
      assert.deepEqual(await query(data, LABELLED), [...here, { post: "d", civic: "yes" }]);
    }));
}

Deno.test("a file of labels of which none is of a post that is here ends with 1, and its labels wait", () =>
  withData(async (data) => {
    await posts(data);
    await Deno.writeTextFile(`${data}/labels.csv`, `uri,civic_label\n${uri("d")},yes\n`);
    const run = await runTask(["import", `${data}/labels.csv`, "--data", data], CLOCK);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /none of its 1 labelled rows names a post that is here\n/);
    assert.match(run.stdout, /labels of human that found their post: 0 of 1/);
  }));

Deno.test("a text without a time decides between the versions of a post that is here", () =>
  withData(async (data) => {
    await posts(data);
    const lines = ["uri,text,civic_label", `${uri("b")},Kittens are lovely,new`];
    const { found_labels, new_posts } = await importLines(data, lines);
    assert.deepEqual([new_posts, found_labels[0].found, found_labels[0].by_uri_alone], [0, 1, 0]);
    const old = ["uri,text,civic_label", `${uri("b")}, Rents fall,old`];
    const second = await importLines(data, old, "--as", "old");
    assert.deepEqual([second.new_posts, second.found_labels[0].of_another_version], [0, 1]);
    await task(data, "preprocess");
    assert.deepEqual(await query(data, LABELLED), [{ post: "b", civic: "new" }]);
  }));

Deno.test("scores and counts of posts that are here come in without their texts", () =>
  withData(async (data) => {
    await posts(data);
    const lines = [
      "uri,prob_toxic,likes,counted_at",
      `${uri("a")},0.5,7,2026-06-02T10:00:00Z`,
      `${uri("c")},0.25,9,2026-06-03T10:00:00Z`,
    ];
    const { new_counts, new_posts, scored_posts } = await importLines(data, lines);
    assert.deepEqual([new_posts, new_counts, scored_posts], [0, 2, 2]);
    await task(data, "preprocess");
    assert.deepEqual(
      await query(
        data,
        `SELECT p.text, p.like_count, l.prob_toxic FROM '{data}/posts/*/*.parquet' p
         JOIN '{data}/labels/perspective/*/*.parquet' l
           ON l.uri = p.uri AND l.text_hash = p.text_hash ORDER BY p.uri`,
      ),
      [
        { text: "Rents rise", like_count: 7, prob_toxic: 0.5 },
        { text: "Rents stand still", like_count: 9, prob_toxic: 0.25 },
      ],
    );
  }));

Deno.test("a file of posts still needs their times and texts, one of counts alone needs neither", () =>
  withData(async (data) => {
    await posts(data);
    const path = `${data}/posts.csv`;
    for (
      const [header, cells, missing] of [
        ["uri,author", "x", "created_at, text"],
        ["uri,created_at,likes", `${T},3`, "text"],
      ]
    ) {
      await Deno.writeTextFile(path, `${header}\n${uri("a")},${cells}\n`);
      const { code, stderr } = await runTask(["import", path, "--data", data], CLOCK);
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(`it has no column ${missing}\n`));
    }
    await Deno.writeTextFile(path, `uri,likes\n${uri("a")},3\n${uri("d")},4\n`);
    const { code, stderr } = await runTask(["import", path, "--data", data], CLOCK);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /no column is taken for created_at, .* \(the columns are uri, likes\)\n/);
    await task(data, "preprocess");
    const counted = "SELECT like_count FROM '{data}/posts/*/*.parquet' WHERE uri LIKE '%/a'";
    assert.deepEqual(await query(data, counted), [{ like_count: 3 }]);
  }));
