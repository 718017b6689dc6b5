import assert from "node:assert/strict";
import { query, withData } from "../../rows.ts";
import { rawFolder, uri } from "../../raw.ts";
import { runTask } from "../../task.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };

async function preprocess(data: string, ...args: string[]) {
  return await runTask(["preprocess", "--data", data, "--json", ...args], CLOCK);
}

// Invariant 5
Deno.test("filters flag posts and drop none", () =>
  withData(async (data) => {
    const texts = [
      "The council met for hours and nobody agreed about the new road",
      "Der Stadtrat tagte stundenlang und niemand war sich über die neue Straße einig",
      "ok",
      "@ana.civicsky.test https://example.org/a/very/long/link #manylongtags hi",
      "",
      "A long enough sentence about an evening that should be flagged for its label",
    ];
    const folder = await rawFolder(data);
    await folder.raw(
      "firehose",
      "2026-06-01",
      "a.2026-06-01_2026-06-01",
      texts.map((text, i) => ({
        uri: uri(String(i)),
        event_time: "2026-06-01 10:00:00",
        created_at: "2026-06-01T10:00:00Z",
        text,
        self_labels: i === 5 ? ["porn"] : [],
      })),
    );
    const { stdout } = await preprocess(data);
    const posts = await query(
      data,
      `SELECT flag_language, flag_minimum_length, flag_nsfw, passed_filters
       FROM read_parquet('{data}/posts/*/*.parquet') ORDER BY uri`,
    );
    assert.deepEqual(posts.map((post) => Object.values(post)), [
      [false, false, false, true],
      [true, false, false, false],
      [true, true, false, false],
      [true, true, false, false],
      [true, true, false, false],
      [false, false, true, false],
    ]);
    const summary = JSON.parse(stdout);
    const { language, minimum_length, nsfw, ...others } = summary.filters;
    assert.deepEqual({ language, minimum_length, nsfw }, {
      language: { flagged: 4, alone: 1, with_others: 3 },
      minimum_length: { flagged: 3, alone: 0, with_others: 3 },
      nsfw: { flagged: 1, alone: 1, with_others: 0 },
    });
    assert.ok(Object.keys(others).length >= 3);
    for (const [name, counts] of Object.entries(others)) {
      assert.deepEqual(counts, { flagged: 0, alone: 0, with_others: 0 }, name);
    }
    assert.deepEqual([summary.posts, summary.passed_filters], [6, 1]);
  }));

Deno.test("another filter setting gives another filter_config_hash and the same posts", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", [
      { uri: uri("1"), event_time: "2026-06-01 10:00:00", text: "twelve chars" },
    ]);
    const study = await Deno.readTextFile(SHIPPED_STUDY);
    await Deno.writeTextFile(
      `${data}/study.yaml`,
      study.replace("characters: 10", "characters: 13"),
    );
    await preprocess(data);
    const sql =
      "SELECT filter_config_hash AS hash, flag_minimum_length AS flagged FROM read_parquet('{data}/posts/*/*.parquet')";
    const [before] = await query(data, sql);
    await preprocess(data, "--study", `${data}/study.yaml`);
    const [after] = await query(data, sql);
    assert.notEqual(before!.hash, after!.hash);
    assert.deepEqual([before!.flagged, after!.flagged], [false, true]);
  }));

Deno.test("an unknown filter and an unknown key of a filter are usage errors", () =>
  withData(async (data) => {
    const study = await Deno.readTextFile(SHIPPED_STUDY);
    const path = `${data}/study.yaml`;
    await Deno.writeTextFile(path, study.replace("  nsfw:", "  nswf:"));
    const unknown = await preprocess(data, "--study", path);
    assert.equal(unknown.code, 2);
    assert.match(
      unknown.stderr,
      /there is no filter "nswf"\n {2}The filters are bots, [a-z_, ]+, nsfw, spam/,
    );
    await Deno.writeTextFile(path, study.replace("characters: 10", "character: 10"));
    const wrong = await preprocess(data, "--study", path);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /^Cannot read .*filters\.minimum_length.*\n {2}/);
  }));

Deno.test("a handle stands for the account that a feed named by it, and one that none named is said", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const [bot, other] = [uri("1", "did:plc:bot"), uri("2", "did:plc:other")];
    const at = { event_time: "2026-06-01 10:00:00", created_at: "2026-06-01T10:00:00Z" };
    await folder.raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", [
      { uri: bot, ...at },
      { uri: other, ...at },
    ]);
    await folder.raw("most_liked", "2026-06-05", "b.2026-06-05_2026-06-05", [
      {
        uri: uri("3", "did:plc:bot"),
        event_time: "2026-06-05 10:00:00",
        author_handle: "Bot.example.org",
        feed: "f",
        rank: 1,
        like_count: 3,
      },
    ]);
    const study = await Deno.readTextFile(SHIPPED_STUDY);
    const path = `${data}/study.yaml`;
    await Deno.writeTextFile(
      path,
      study.replace(
        /bots:\n {4}accounts: \[\]/,
        "bots:\n    accounts: [bot.example.org, nobody.example.org]",
      ),
    );
    const { code, stderr } = await preprocess(data, "--study", path);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /warning: no feed gave the handles nobody\.example\.org: /);
    const posts = await query(
      data,
      "SELECT did, flag_bots FROM read_parquet('{data}/posts/*/*.parquet') ORDER BY uri",
    );
    assert.deepEqual(posts.map((post) => Object.values(post)), [
      ["did:plc:bot", true],
      ["did:plc:bot", true],
      ["did:plc:other", false],
    ]);
  }));
