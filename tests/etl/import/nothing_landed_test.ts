/** How an import ends of which nothing can be used. */
import assert from "node:assert/strict";
import { withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { quarantined, rawRows, summaryOf } from "../sources/firehose_run.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
const URI = "at://did:plc:abc/app.bsky.feed.post";

async function importText(data: string, text: string) {
  await Deno.writeTextFile(`${data}/posts.csv`, text);
  return await runTask(["import", `${data}/posts.csv`, "--data", data, "--json"], CLOCK);
}

// Invariant 9
Deno.test("a file of which nothing lands ends with 1, and says why and where its rows are", async () => {
  await withData(async (data) => {
    const run = await importText(
      data,
      `uri,created_at,text\n${URI}/a,yesterday,secret\nx,2026-06-01,secret\n`,
    );
    assert.equal(run.code, 1);
    assert.deepEqual(summaryOf(run).set_aside, { invalid_created_at: 1, invalid_uri: 1 });
    assert.match(
      run.stderr,
      /none of its 2 rows can be used \(invalid_uri, invalid_created_at\)\n {2}See .*quarantine/,
    );
    assert.doesNotMatch(run.stderr, /secret/);
    assert.deepEqual(quarantined(data, "import").map(({ line }) => line), [3, 2]);
  });
});

Deno.test("a file with a header alone ends with 1", async () => {
  await withData(async (data) => {
    const columns = [
      "uri,created_at,text",
      "uri,created_at,text,civic_label\n",
      "uri;civic_label\r\n\r\n",
    ];
    for (const header of columns) {
      const run = await importText(data, header);
      assert.deepEqual([run.code, summaryOf(run).rows], [1, 0]);
      assert.match(run.stderr, /^Cannot import .*posts\.csv: it has no rows\n/);
    }
  });
});

Deno.test("a file of labels without one ends with 1, one of posts says so, and so does one of a coder", async () => {
  await withData(async (data) => {
    const posts = `uri,created_at,text,civic_label\n${URI}/a,2026-06-01,a post,NA\n`;
    for (const _ of ["first", "again"]) {
      const run = await importText(data, posts);
      assert.equal(run.code, 0, run.stderr);
      assert.match(run.stderr, /^warning: no row has a label that can be used \(civic_label\)\n$/);
    }
    const labels = await importText(data, `uri,civic_label\n${URI}/a,NA\n`);
    assert.equal(labels.code, 1);
    assert.match(labels.stderr, /: no row has a label that can be used \(civic_label\)\n/);
    const coder = await importText(data, posts.replace("civic_label", "annotator"));
    assert.equal(coder.code, 0);
    assert.match(coder.stderr, /no column is taken for labels, though .* annotator: .* --labels/);
    // Where nothing of a row lands, none of its columns is kept.
    assert.deepEqual(summaryOf(coder).kept_with_the_post, []);
  });
});

Deno.test("cells that cannot be read are counted by column, with their lines", async () => {
  await withData(async (data) => {
    const rows = ["1,many", "2,3", "x,y"].map((counts, index) =>
      `${URI}/${index},2026-06-01,a,${counts}`
    );
    const run = await importText(
      data,
      `uri,created_at,text,Likes,reply_count\n${rows.join("\n")}\n`,
    );
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(summaryOf(run).unreadable_cells, { reply_count: 2, Likes: 1 });
    assert.equal((await rawRows(data, "import")).length, 3);
    const again = await runTask(["import", `${data}/posts.csv`, "--data", data], CLOCK);
    assert.match(
      again.stdout,
      /cells that cannot be read, left out: reply_count 2 \(line 2, 4\); Likes 1 \(line 4\)\n/,
    );
  });
});

Deno.test("a file of which a row lands, or all were here before, ends with 0", async () => {
  await withData(async (data) => {
    const text = `uri,created_at,text\n${URI}/a,yesterday,x\n${URI}/b,2026-06-01,y\n`;
    assert.equal((await importText(data, text)).code, 0);
    assert.equal((await importText(data, text)).code, 0);
    assert.equal((await rawRows(data, "import")).length, 1);
  });
});
