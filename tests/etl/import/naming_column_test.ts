import assert from "node:assert/strict";
import { join } from "node:path";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

const DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
const uri = (rkey: string) => `at://${DID}/app.bsky.feed.post/${rkey}`;
const link = (rkey: string) => `https://bsky.app/profile/${DID}/post/${rkey}`;
const handle = (rkey: string) => `https://bsky.app/profile/anna.bsky.social/post/${rkey}`;
const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };

async function imported(data: string, lines: string[], ...args: string[]) {
  const path = join(data, "file.csv");
  await Deno.writeTextFile(path, lines.join("\n") + "\n");
  const run = await runTask(["import", path, "--data", data, "--json", ...args], CLOCK);
  return { ...run, summary: JSON.parse(run.stdout || "{}") };
}

async function labelled(data: string): Promise<unknown[]> {
  const rows = await query(
    data,
    "SELECT DISTINCT uri FROM read_parquet('{data}/labels/human/*/*.parquet') ORDER BY uri",
  );
  return rows.map((row) => row.uri);
}

const POSTS = [
  "uri,created_at,text",
  ...["a", "b", "c"].map((rkey) => `${uri(rkey)},2026-06-01T10:00:00Z,text of ${rkey}`),
];

Deno.test("a row whose uri cannot be read goes to no post that another column links to", () =>
  withData(async (data) => {
    await imported(data, POSTS);
    await runTask(["preprocess", "--data", data], CLOCK);
    const { code, summary, stderr } = await imported(data, [
      "uri,link,civic_label",
      `${uri("a")},${link("c")},yes`,
      `${handle("a")},${link("b")},yes`,
      `,${link("c")},yes`,
      `NA,${link("c")},no`,
    ]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(summary.set_aside, { handle_instead_of_did: 1, invalid_uri: 2 });
    assert.deepEqual(await labelled(data), [uri("a")]);
    // A file of labels has no texts that could differ.
    assert.doesNotMatch(stderr, /another created_at/);
    assert.match(stderr, /1 labels came without the text of their post/);
  }));

Deno.test("without a column uri, the one that names most posts does so for the whole file", async () => {
  const files = {
    handles: ["url,link,civic_label", `${handle("a")},${link("b")},yes`, `${link("a")},x,yes`],
    numbers: [
      "id,link,civic_label",
      `17,${link("a")},yes`,
      `${uri("b")},,yes`,
      `9,${link("a")},yes`,
    ],
  };
  for (const [name, lines] of Object.entries(files)) {
    await withData(async (data) => {
      await imported(data, POSTS);
      const { code, stderr } = await imported(data, lines);
      assert.equal(code, 0, stderr);
      assert.deepEqual(await labelled(data), [uri("a")], name);
    });
  }
});
