/** Labels of a coder's file and the posts that streams brought. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { labelSetName } from "../../../notebooks/measures/figure_facts.ts";
import { open } from "../../../notebooks/query/data.ts";
import { laterTask } from "../../later_task.ts";
import { rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

const T = "2026-06-01T10:00:00Z";
/** Posts as the stream brought them, and their texts as a coder's file has them. */
const MANGLED: [name: string, text: string, coded: string][] = [
  ["plain", "Rents rise again in the whole city", "Rents rise again in the whole city"],
  ["padded", "  The vote is on Sunday ", "The vote is on Sunday"],
  ["lines", "First line\nsecond line of it", "First line\r\nsecond line of it"],
  ["quotes", "“We won’t pay” – the mayor…", '"We won\'t pay" - the mayor...'],
  ["accents", "Une journe\u0301e a\u0300 la mairie", "Une journée à la mairie"],
  ["entities", "Rents & wages <3", "Rents &amp; wages &lt;3"],
  ["blanks", "a\u00a0hard blank and  two", "a hard blank and two"],
  ["cut", "A text that a tool cuts after some words of it", "A text that a tool cuts"],
];

function field(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

async function stream(data: string, rows: Record<string, unknown>[]) {
  await (await rawFolder(data)).raw(
    "firehose",
    "2026-06-01",
    "a.2026-06-01_2026-06-01",
    rows.map((row, index) => ({
      cid: `bafyreia${"a".repeat(40)}${row.cid ?? index}`,
      rev: `3k${row.rev ?? "a"}`,
      event_time: "2026-06-01 10:00:00",
      created_at: T,
      ...row,
    })),
  );
}

async function coded(data: string, rows: string[][], header = "uri,created_at,text,civic_label") {
  const path = `${data}/coded.csv`;
  await Deno.writeTextFile(path, [header, ...rows.map((row) => row.join(",")), ""].join("\r\n"));
  return path;
}

async function answers(data: string) {
  const { sql } = await open(data, { engine: "native" });
  const found = (await sql`SELECT split_part(uri, '/', 5) AS post, labels['civic_label'] AS civic
    FROM posts_human WHERE was_successfully_labeled ORDER BY post`).objects() as {
    post: string;
    civic: string;
  }[];
  return Object.fromEntries(found.map(({ post, civic }) => [post, civic]));
}

const COUNTS = ({ labels, found, by_uri_alone, of_another_version, without_post }: Record<
  string,
  number
>) => [labels, found, by_uri_alone, of_another_version, without_post];

Deno.test("labels find their posts whatever a spreadsheet or a coding tool did to the texts", () =>
  withData(async (data) => {
    await stream(data, MANGLED.map(([name, text]) => ({ uri: uri(name), text })));
    await laterTask(data, "preprocess");
    const file = await coded(
      data,
      MANGLED.map(([name, , text]) => [uri(name), T, field(text), "civic"]),
    );
    const imported = await laterTask(data, "import", file, "--as", "round");
    assert.deepEqual(imported.found_labels.map(COUNTS), [[8, 8, 1, 0, 0]]);
    assert.match(
      imported.warnings.join("\n"),
      /^1 labels came without .* or with one that no version .* uri alone$/,
    );
    const all = Object.fromEntries(MANGLED.map(([name]) => [name, "civic"]).sort());
    assert.deepEqual(await answers(data), all);
    const built = await laterTask(data, "preprocess");
    // That one has no text of its own any more is not forgotten.
    assert.deepEqual(built.found_labels.map(COUNTS), [[8, 8, 1, 0, 0]]);
    assert.match(
      built.warnings.join("\n"),
      /^1 labels came without .* or with one that no version .* uri alone$/,
    );
    assert.deepEqual(await answers(data), all);
    const [set] = (await laterTask(data, "status")).label_sets;
    assert.deepEqual([set.labelled, set.labels, set.labels_found], [8, 8, 8]);
    const page = await open(data, { engine: "native" });
    assert.match((await labelSetName(page, "human"))!, / \(8 of 8 labels found their post\)$/);
    // The post stays as the stream brought it.
    const texts = await query(data, "SELECT text FROM '{data}/posts/*/*.parquet' ORDER BY uri");
    assert.deepEqual(
      texts.map(({ text }) => text),
      MANGLED.toSorted((a, b) => a[0] < b[0] ? -1 : 1).map(([, text]) => text),
    );
  }));

// Invariant 1
Deno.test("labels that are imported before their posts or twice are found once", () =>
  withData(async (data) => {
    const file = await coded(
      data,
      MANGLED.map(([name, , text]) => [uri(name), T, field(text), "civic"]),
    );
    const first = await laterTask(data, "import", file, "--as", "round");
    assert.deepEqual(first.found_labels.map(COUNTS), [[8, 0, 0, 0, 8]]);
    await stream(data, MANGLED.map(([name, text]) => ({ uri: uri(name), text })));
    const built = await laterTask(data, "preprocess");
    assert.deepEqual(built.found_labels.map(COUNTS), [[8, 8, 1, 0, 0]]);
    const labels = "SELECT * FROM '{data}/labels/human/*/*.parquet' ORDER BY uri";
    const before = await query(data, labels);
    assert.equal(before.length, 8);
    const second = await laterTask(data, "import", file, "--as", "round");
    assert.deepEqual([second.new_posts, ...second.found_labels.map(COUNTS)], [0, [8, 8, 1, 0, 0]]);
    await laterTask(data, "preprocess");
    assert.deepEqual(await query(data, labels), before);
  }));

Deno.test("posts of an import find the labels of a coder's copy of it, of two coders' copies too", () =>
  withData(async (data) => {
    const header = "uri,created_at,text,civic_label,coder";
    const copies = MANGLED.filter(([name]) => name !== "cut");
    await laterTask(
      data,
      "import",
      await coded(data, copies.map(([name, text]) => [uri(name), T, field(text), "", ""]), header),
    );
    const file = await coded(
      data,
      copies.flatMap(([name, text, copy]) => [
        [uri(name), T, field(copy), "civic", "anna"],
        [uri(name), T, field(` ${text}`), "civic", "ben"],
      ]),
      header,
    );
    const { new_posts, set_aside } = await laterTask(data, "import", file);
    assert.deepEqual([new_posts, set_aside], [0, {}]);
    const { found_labels, warnings } = await laterTask(data, "preprocess");
    assert.deepEqual([found_labels.map(COUNTS), warnings], [[[14, 14, 0, 0, 0]], []]);
    assert.equal(Object.keys(await answers(data)).length, 7);
  }));

Deno.test("of two versions of a post, a label belongs to the one whose text it has", () =>
  withData(async (data) => {
    await stream(data, [
      { uri: uri("a"), rev: "a", cid: "a2", text: "The “first” version" },
      { uri: uri("a"), rev: "b", cid: "b2", text: "The “second” version" },
      { uri: uri("b"), rev: "a", cid: "a3", text: "The “first” version" },
      { uri: uri("b"), rev: "b", cid: "b3", text: "The “second” version" },
    ]);
    await laterTask(data, "preprocess");
    const file = await coded(data, [
      [uri("a"), T, field('The "first" version'), "civic"],
      [uri("b"), T, field('The "second" version'), "civic"],
    ]);
    const { found_labels, warnings } = await laterTask(data, "import", file);
    assert.deepEqual(found_labels.map(COUNTS), [[2, 1, 0, 1, 0]]);
    assert.match(
      warnings.join("\n"),
      /^1 of 2 labels found their post .*: 1 are of another version/,
    );
    assert.deepEqual(await answers(data), { b: "civic" });
    const status = await runTask(["status", "--data", data]);
    assert.match(status.stdout, /human, \w+: 1 of 2 labels found their post\n/);
    const page = await open(data, { engine: "native" });
    assert.match((await labelSetName(page, "human"))!, / \(1 of 2 labels found their post\)$/);
    const built = await laterTask(data, "preprocess");
    assert.deepEqual(built.found_labels.map(COUNTS), [[2, 1, 0, 1, 0]]);
    assert.match(built.warnings.join("\n"), /1 of 2 labels found their post/);
  }));

Deno.test("one coder's broken cell costs no other coder's label, in whatever order rows come", async () => {
  const text = "The vote is on Friday and we count";
  const coders = [
    ["anna", "The vote is on Friday<br>and we count", "1"],
    ["ben", text, "0"],
    ["cara", ` ${text}`, "0"],
  ];
  for (const rows of [coders, coders.toReversed()]) {
    for (const isHere of [true, false]) {
      await withData(async (data) => {
        if (isHere) {
          await stream(data, [{ uri: uri("a"), text }]);
          await laterTask(data, "preprocess");
        }
        const file = await coded(
          data,
          rows.map(([coder, text, label]) => [uri("a"), T, field(text!), label!, coder!]),
          "uri,created_at,text,civic_label,coder",
        );
        const { set_aside, labels } = await laterTask(data, "import", file);
        assert.deepEqual([set_aside, labels], [{}, 3]);
        if (!isHere) await stream(data, [{ uri: uri("a"), text }]);
        const { found_labels } = await laterTask(data, "preprocess");
        assert.deepEqual(found_labels.map(COUNTS), [[3, 3, 1, 0, 0]]);
        assert.deepEqual(await answers(data), { a: "0" });
      });
    }
  }
});

Deno.test("labels of two versions in one file belong each to its own, by cid or by text", async () => {
  const [old, here] = ["a", "b"].map((end) => `bafyreia${"a".repeat(40)}${end}`) as [
    string,
    string,
  ];
  for (const cids of [[old, here], ["", ""], ["", here]]) {
    await withData(async (data) => {
      await stream(data, [
        { uri: uri("a"), rev: "a", cid: old, text: "The first version" },
        { uri: uri("a"), rev: "b", cid: here, text: "The second version" },
      ]);
      await laterTask(data, "preprocess");
      const file = await coded(data, [
        [uri("a"), T, "The first version", "old", cids[0]!],
        [uri("a"), T, "The second version", "new", cids[1]!],
      ], "uri,created_at,text,civic_label,cid");
      const { set_aside, labels, found_labels } = await laterTask(data, "import", file);
      assert.deepEqual([set_aside, labels], [{}, 2]);
      const built = await laterTask(data, "preprocess");
      for (const found of [found_labels, built.found_labels]) {
        assert.deepEqual(found.map(COUNTS), [[2, 1, 0, 1, 0]]);
      }
      assert.deepEqual(await answers(data), { a: "new" });
    });
  }
});

Deno.test("of two labels of a coder for one post, the one with its text counts, and of two without none", async () => {
  const header = "uri,created_at,text,civic_label,coder";
  for (
    const [texts, found] of [
      [["The vote is on Friday", "The vote is on Monday"], { a: "one" }],
      [["The vote is on Sunday", "The vote is on Monday"], {}],
    ] as const
  ) {
    await withData(async (data) => {
      await stream(data, [{ uri: uri("a"), text: "The vote is on Friday" }]);
      await laterTask(data, "preprocess");
      const rows = texts.map((text, at) => [uri("a"), T, text, at === 0 ? "one" : "two", "anna"]);
      const { found_labels } = await laterTask(data, "import", await coded(data, rows, header));
      const number = Object.keys(found).length;
      const counts = [[2, number, 0, 0, 0]];
      assert.deepEqual(found_labels.map(COUNTS), counts);
      const built = await laterTask(data, "preprocess");
      assert.deepEqual(built.found_labels.map(COUNTS), counts);
      assert.match(built.warnings.join("\n"), /contradict a label of the same coder and file/);
      assert.deepEqual(await answers(data), found);
    });
  }
});

Deno.test("a label of a text that was deleted or written over is not one of the post that stands there now", () =>
  withData(async (data) => {
    const posts = [
      ["deleted", "Rents rise, says bob again", "Kittens are lovely today"],
      ["exact", "Rents 10² up", "Rents 102 up"],
      ["cut", "Rents rise, says bob", "Rents fall, says bob"],
      ["unlike", "Rents rise, says bob", "Rents fall, says bob"],
    ] as const;
    const folder = await rawFolder(data);
    await stream(
      data,
      posts.flatMap(([name, first, second], index) => [
        { uri: uri(name), rev: "a", cid: `a${index}`, text: first },
        { uri: uri(name), rev: "c", cid: `c${index}`, text: second },
      ]),
    );
    await folder.tombstone("2026-06-01", "b.2026-06-01_2026-06-01", [
      { subject: uri("deleted"), at: "2026-06-01 09:00:00", reason: "deleted", rev: "b" },
    ]);
    await laterTask(data, "preprocess");
    const file = await coded(data, [
      [uri("deleted"), T, field("Rents rise, says bob again"), "civic"],
      [uri("exact"), T, "Rents 10² up", "civic"],
      [uri("cut"), T, field("Rents rise, says bo"), "civic"],
      [uri("unlike"), T, "Kittens", "civic"],
    ]);
    const imported = await laterTask(data, "import", file);
    for (const { found_labels, warnings } of [imported, await laterTask(data, "preprocess")]) {
      const [{ found, of_no_version, ...others }] = found_labels;
      // Whoever deleted a post takes the labels of its text along.
      const left = others.of_another_version + of_no_version;
      assert.deepEqual([found, others.of_another_version, others.labels], [0, 2, left]);
      assert.match(warnings.join("\n"), /0 of \d labels found .* \d fit no version of several/);
    }
    assert.deepEqual(imported.found_labels[0].of_no_version, 2);
    assert.deepEqual(await answers(data), {});
  }));

Deno.test("a cid in the file decides, whatever the text reads", () =>
  withData(async (data) => {
    const [old, here] = ["a", "b"].map((end) => `bafyreia${"a".repeat(40)}${end}`);
    await stream(
      data,
      [
        { uri: uri("a"), rev: "a", cid: old, text: "The first version" },
        { uri: uri("a"), rev: "b", cid: here, text: "The second version" },
        { uri: uri("b"), rev: "b", cid: here, text: "The second version" },
      ].map((row) => ({ ...row })),
    );
    await laterTask(data, "preprocess");
    const file = await coded(data, [
      [uri("a"), T, "The second version", "civic", old!],
      [uri("b"), T, "cut", "civic", here!],
    ], "uri,created_at,text,civic_label,CID");
    const { found_labels } = await laterTask(data, "import", file);
    assert.deepEqual(found_labels.map(COUNTS), [[2, 1, 0, 1, 0]]);
    assert.deepEqual(
      await query(data, "SELECT cid FROM '{data}/labels/human/*/*.parquet' ORDER BY uri"),
      [{ cid: old }, { cid: here }],
    );
    assert.deepEqual(await answers(data), { b: "civic" });
  }));

Deno.test("scores lie under the day of their post, also where its created_at is not believed", () =>
  withData(async (data) => {
    await stream(data, [{ uri: uri("a"), text: "A text & more of it", created_at: "2020-01-01" }]);
    await laterTask(data, "preprocess");
    const file = await coded(
      data,
      [[uri("a"), "2020-01-01", "A text &amp; more of it", "0.25"]],
      "uri,created_at,text,prob_toxic",
    );
    const { found_labels } = await laterTask(data, "import", file);
    assert.deepEqual(found_labels.map(COUNTS), [[1, 1, 0, 0, 0]]);
    const { sql } = await open(data, { engine: "native" });
    assert.deepEqual(
      (await sql`SELECT prob_toxic FROM posts_perspective`).objects(),
      [{ prob_toxic: 0.25 }],
    );
    // A run that was killed between the two days leaves the label under both.
    const { paths } = await rawFolder(data);
    const stray = paths.labels("perspective", "2020-01-01");
    await Deno.mkdir(dirname(stray), { recursive: true });
    await Deno.copyFile(paths.labels("perspective", "2026-06-01"), stray);
    const labels = "SELECT * FROM '{data}/labels/perspective/*/*.parquet'";
    const before = (await query(data, labels)).slice(1);
    await laterTask(data, "preprocess");
    assert.deepEqual(await query(data, labels), before);
  }));
