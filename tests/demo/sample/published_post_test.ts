import assert from "node:assert/strict";
import { AppBskyFeedPost, jsonToLex } from "@atproto/api";
import { parse as parseTid } from "@atcute/tid";
import { blockOf } from "../../../demo/sample/block.ts";
import { minuteTime, publishedPosts, versionAt } from "../../../demo/sample/published_post.ts";
import { readSample } from "../../../demo/sample/sample.ts";
import { smallSample } from "../small_sample.ts";

const posts = new Map(publishedPosts(smallSample()).map((post) => [post.post.id, post]));
const recordOf = (id: string) => posts.get(id)!.versions[0]!.record;
const refTo = (id: string) => ({ uri: posts.get(id)!.uri, cid: posts.get(id)!.versions[0]!.cid });

Deno.test("every record is valid by the official lexicon, but for what clients write as createdAt", () => {
  for (const { post, versions } of publishedPosts(readSample())) {
    for (const { record } of versions) {
      const createdAt = post.created_at === undefined ? record.createdAt : "2026-06-01T00:00:00Z";
      const wire = { ...record, createdAt };
      const result = AppBskyFeedPost.validateRecord(jsonToLex(JSON.parse(JSON.stringify(wire))));
      assert.ok(result.success, `${post.id}: ${!result.success && result.error.message}`);
    }
  }
});

Deno.test("event times strictly increase within the post's minute and are what the rkey says", () => {
  let last = 0;
  for (const { post, time, rkey } of publishedPosts(readSample())) {
    assert.ok(time > last, post.id);
    assert.equal(Math.floor((time - minuteTime(post.at)) / 60_000), 0, post.id);
    assert.equal(parseTid(rkey).timestamp, time * 1000);
    last = time;
  }
});

Deno.test("createdAt is as the sample says, or within two seconds before the event", () => {
  assert.equal(recordOf("p004").createdAt, "yesterday");
  const lead = posts.get("p001")!.time - Date.parse(recordOf("p001").createdAt);
  assert.ok(lead >= 0 && lead < 2000);
});

Deno.test("facets cover the UTF-8 bytes of links, hashtags and mentions of authors", () => {
  const covered = (id: string) => {
    const { text, facets } = recordOf(id);
    const bytes = new TextEncoder().encode(text);
    return facets?.map(({ index, features }) => [
      new TextDecoder().decode(bytes.slice(index.byteStart, index.byteEnd)),
      features,
    ]);
  };
  assert.deepEqual(covered("p002"), [
    ["#housing", [{ $type: "app.bsky.richtext.facet#tag", tag: "housing" }]],
  ]);
  assert.deepEqual(covered("p003"), [
    ["@ada.civicsky.test", [{
      $type: "app.bsky.richtext.facet#mention",
      did: posts.get("p001")!.account.did,
    }]],
    ["https://example.org/a", [{
      $type: "app.bsky.richtext.facet#link",
      uri: "https://example.org/a",
    }]],
  ]);
  assert.equal(covered("p001"), undefined);
});

Deno.test("a reply refers to its parent and to the root of the chain", () => {
  assert.deepEqual(recordOf("p003").reply, { root: refTo("p002"), parent: refTo("p002") });
  assert.deepEqual(recordOf("p004").reply, { root: refTo("p002"), parent: refTo("p003") });
});

Deno.test("images, link cards and quotes become the embed of their kind", () => {
  const kinds = ["p001", "p005", "p006", "p007", "p009"].map((id) => recordOf(id).embed?.$type);
  assert.deepEqual(kinds, [
    undefined,
    "app.bsky.embed.recordWithMedia",
    "app.bsky.embed.external",
    "app.bsky.embed.record",
    "app.bsky.embed.images",
  ]);
  const embed = recordOf("p005").embed;
  assert.ok(embed?.$type === "app.bsky.embed.recordWithMedia");
  assert.deepEqual(embed.record.record, refTo("p002"));
  assert.ok(embed.media.$type === "app.bsky.embed.images");
  assert.deepEqual(embed.media.images.map(({ alt }) => alt), ["a house", ""]);
});

Deno.test("langs are the post's or the author's, and absent where there are none", () => {
  assert.deepEqual(recordOf("p003").langs, ["de", "en"]);
  assert.equal("langs" in recordOf("p006"), false);
  assert.equal("langs" in recordOf("p008"), false);
});

Deno.test("the cid names the record", () => {
  for (const { versions } of posts.values()) {
    for (const { cid, record } of versions) assert.equal(blockOf(record).cid.$link, cid);
  }
});

Deno.test("one post that nothing refers to gets a second version with the same text", () => {
  const updated = [...posts.values()].filter(({ versions }) => versions.length > 1);
  assert.deepEqual(updated.map(({ post }) => post.id), ["p004"]);
  const [first, second] = updated[0]!.versions;
  assert.equal(first!.record.text, second!.record.text);
  assert.notEqual(first!.cid, second!.cid);
});

Deno.test("a post is there from its event until its deletion or its author's removal", () => {
  const there = (id: string, minute: string) => versionAt(posts.get(id)!, minuteTime(minute))?.cid;
  const [first, second] = posts.get("p004")!.versions;
  assert.equal(there("p004", "2026-06-01 09:10"), undefined);
  assert.equal(there("p004", "2026-06-01 09:11"), first!.cid);
  assert.equal(there("p004", "2026-06-01 09:21"), second!.cid);
  assert.ok(there("p007", "2026-06-01 18:29"));
  assert.equal(there("p007", "2026-06-01 18:30"), undefined);
  assert.ok(there("p005", "2026-06-02 11:59"));
  assert.equal(there("p005", "2026-06-02 12:00"), undefined);
});
