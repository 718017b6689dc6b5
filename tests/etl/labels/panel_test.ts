import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { DID, rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { labelRow, writeLabels } from "../../classifiers/panels/scored_posts.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
const OTHER = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
const DAY = "2026-06-01";
const AT = `${DAY} 10:00:00`;

/** Collect and score posts of two accounts and freeze them all as the panel `bridge`. */
async function freeze(data: string, afterDeletion: "drop" | "keep_numbers") {
  const folder = await rawFolder(data);
  const study = `${data}/study.yaml`;
  const yaml = await Deno.readTextFile(SHIPPED_STUDY);
  await Deno.writeTextFile(
    study,
    yaml.replace("after_deletion: drop", `after_deletion: ${afterDeletion}`),
  );
  const posts = Array.from({ length: 12 }, (_, index) => ({
    uri: uri(`r${index}`, index < 10 ? DID : OTHER),
    cid: `cid-${index}`,
    event_time: AT,
    created_at: `${DAY}T10:00:00Z`,
    text: `marker-${index}- is what this post about a public meeting says`,
  }));
  await folder.raw("firehose", DAY, `a.${DAY}_${DAY}`, posts);
  const run = async (...args: string[]) => {
    const result = await runTask([...args, "--data", data, "--study", study], CLOCK);
    assert.equal(result.code, 0, result.stderr);
    return result;
  };
  await run("preprocess");
  await writeLabels(
    data,
    DAY,
    posts.map((post, index) =>
      labelRow(post.uri, post.cid, { prob_toxic: index / 12, label_prob: 0.5 })
    ),
  );
  await run("panel", "--size", "12", "--name", "bridge");
  return { folder, run };
}

async function readPanel(data: string) {
  const posts = `${data}/panels/bridge/posts.parquet`;
  const manifest = JSON.parse(await Deno.readTextFile(`${data}/panels/bridge/manifest.json`));
  const hash = createHash("sha256").update(await Deno.readFile(posts)).digest("hex");
  assert.deepEqual(manifest.files, { "posts.parquet": hash });
  const rows = await query(data, `SELECT * FROM read_parquet('${posts}') ORDER BY prob_toxic`);
  return { manifest, rows };
}

// Invariant 11
Deno.test("what authors take back leaves a panel, and the manifest says how many posts are left", () =>
  withData(async (data) => {
    const { folder, run } = await freeze(data, "drop");
    const before = await readPanel(data);
    assert.equal(before.manifest.posts_left, 12);
    await folder.tombstone("2026-06-02", "t", [
      { subject: uri("r3"), at: "2026-06-01 11:00:00" },
      { subject: OTHER, at: "2026-06-01 11:00:00" },
      // Older than the post: it is the version before that was deleted.
      { subject: uri("r4"), at: "2026-06-01 09:00:00" },
    ]);
    const { stderr } = await run("preprocess");
    assert.doesNotMatch(stderr, /warning/);
    const { manifest, rows } = await readPanel(data);
    assert.deepEqual(rows, before.rows.filter((_, index) => ![3, 10, 11].includes(index)));
    assert.deepEqual([manifest.posts_drawn, manifest.posts_left], [12, 9]);
    assert.deepEqual(
      manifest.strata.map(({ drawn, left }: { drawn: number; left: number }) => drawn - left),
      // Twelve posts in tenths: two, two, then one each.
      [0, 1, 0, 0, 0, 0, 0, 0, 1, 1],
    );
    // A run that died before it wrote the manifest is made good by the next.
    await Deno.writeTextFile(
      `${data}/panels/bridge/manifest.json`,
      JSON.stringify(before.manifest),
    );
    await run("preprocess");
    assert.deepEqual((await readPanel(data)).manifest, manifest);
    await Deno.writeTextFile(`${data}/panels/bridge/posts.parquet`, "damaged");
    assert.match((await run("preprocess")).stderr, /warning: Cannot count the posts of the panel/);
    await folder.tombstone("2026-06-03", "t", [{ subject: DID, at: "2026-06-02 11:00:00" }]);
    await Deno.remove(`${data}/panels/bridge/posts.parquet`);
    await run("preprocess");
    const last = JSON.parse(await Deno.readTextFile(`${data}/panels/bridge/manifest.json`));
    assert.deepEqual([last.posts_left, last.files], [0, {}]);
  }));

// Invariant 11
Deno.test("after_deletion keep_numbers leaves the scores and weight of a panel's post under its keyed hash", () =>
  withData(async (data) => {
    const { folder, run } = await freeze(data, "keep_numbers");
    const before = await readPanel(data);
    await folder.tombstone("2026-06-02", "t", [{ subject: uri("r3"), at: "2026-06-01 11:00:00" }]);
    await run("preprocess");
    const { manifest, rows } = await readPanel(data);
    assert.equal(manifest.posts_left, 11);
    const { uri: hashed, ...kept } = rows[3]!;
    assert.match(String(hashed), /^deleted:[0-9a-f]{64}$/);
    const none = { cid: null, did: null, text: null, text_hash: null };
    const { uri: _, ...whole } = before.rows[3]!;
    assert.deepEqual(kept, { ...whole, ...none, reference_time: null, created_at: null });
    rows.splice(3, 1);
    before.rows.splice(3, 1);
    assert.deepEqual(rows, before.rows);
  }));
