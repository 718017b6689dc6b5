/** Small files that were reported as read wrongly; what is right stands in their README. */
import assert from "node:assert/strict";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { TEST_DATA } from "../../test_data.ts";
import { quarantined, rawRows, summaryOf } from "../sources/firehose_run.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };

/** Import a file; give what landed and what was set aside. */
async function imported(data: string, file: string) {
  const path = `${TEST_DATA}/reports/${file}`;
  const run = await runTask(["import", path, "--data", data, "--json"], CLOCK);
  assert.equal(run.code, 0, run.stderr);
  const posts = (await rawRows(data, "import")).map(({ rkey, created_at, text, like_count }) => [
    rkey,
    created_at,
    text,
    like_count,
  ]);
  const summary = summaryOf(run);
  const rows = Object.keys(summary.set_aside).length > 0 ? quarantined(data, "import") : [];
  const aside = rows.map(({ line, reason }) => [line, reason]);
  return { posts, aside, summary };
}

function reported(name: string, fn: (data: string) => Promise<void>) {
  Deno.test({
    name: `${name} (needs CIVICSKY_TEST_DATA)`,
    ignore: TEST_DATA === undefined,
    fn: () => withData(fn),
  });
}

reported("R's NA, exponents and dates without a time are read", async (data) => {
  const { posts, aside, summary } = await imported(data, "r-write-csv.csv");
  assert.deepEqual(posts, [
    ["a", "2026-06-01T10:00:00.000Z", "normal", 12],
    ["b", "2026-06-01T00:00:00.000Z", "posted at midnight", 7],
    ["c", "2026-06-01T11:00:00.000Z", "very much liked", 100_000],
    ["d", "2026-06-01T12:00:00.000Z", "", 4],
  ]);
  assert.deepEqual([aside, summary.missing_texts], [[], 1]);
});

reported("times with a zone of two digits are read", async (data) => {
  const { posts, aside } = await imported(data, "postgres-timestamptz.csv");
  assert.deepEqual([posts.map(([, time]) => time), aside], [
    ["2026-06-01T10:00:00.123Z", "2026-06-01T10:00:00.000Z"],
    [],
  ]);
});

reported("no day that a calendar lacks lands on another", async (data) => {
  const { posts, aside } = await imported(data, "feb-30.csv");
  assert.deepEqual(posts, [["d", "2026-06-02T00:00:00.000Z", "hour 24", null]]);
  assert.deepEqual(aside, [2, 3, 4].map((line) => [line, "invalid_created_at"]));
});

reported("semicolons separate, and a comma stays in its text", async (data) => {
  const { posts } = await imported(data, "semicolons.csv");
  assert.deepEqual(posts, [["a", "2026-06-01T10:00:00.000Z", "Rents rise, again", null]]);
});

reported("an export of 4CAT is read by its own names", async (data) => {
  const { posts } = await imported(data, "4cat.csv");
  assert.deepEqual(posts, [["a", "2026-06-01T10:00:00.123Z", "A text", 5]]);
});

reported("a link with a did is a post, and one with a handle is set aside", async (data) => {
  const { posts, aside } = await imported(data, "bsky-app-urls.csv");
  assert.deepEqual(aside, [[2, "handle_instead_of_did"]]);
  assert.deepEqual(posts.map(([rkey]) => rkey), ["3kabd"]);
  const [row] = await query(data, "SELECT uri FROM '{data}/raw/import/*/*.parquet'");
  assert.equal(row!.uri, "at://did:plc:csv1aaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3kabd");
});

reported("rows that end in CRLF below a header that ends in LF keep no CR", async (data) => {
  const { posts } = await imported(data, "lf-header-crlf-rows.csv");
  assert.deepEqual(posts.map(([, , text]) => text), ["Rents rise again", "Second text"]);
});
