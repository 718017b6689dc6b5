import assert from "node:assert/strict";
import { toBytes, toCidLink } from "@atcute/cbor";
import { fromString } from "@atcute/cid";
import { readPost, RecordError } from "../../../etl/atproto/post.ts";

const CID = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a";
const post = (changes: Record<string, unknown> = {}) => ({
  $type: "app.bsky.feed.post",
  text: "a text",
  createdAt: "2026-06-01T08:00:00Z",
  ...changes,
});

function reason(record: unknown): string {
  try {
    readPost(record);
  } catch (error) {
    assert.ok(error instanceof RecordError, `${error}`);
    return error.message;
  }
  return "none";
}

Deno.test("a post without anything but text has empty lists and nulls", () => {
  const { record, ...rest } = readPost(post());
  assert.deepEqual(JSON.parse(record), post());
  assert.deepEqual(rest, {
    created_at: "2026-06-01T08:00:00Z",
    text: "a text",
    langs: [],
    reply_root_uri: null,
    reply_parent_uri: null,
    embed_kind: null,
    quoted_uri: null,
    external_title: null,
    external_description: null,
    external_url: null,
    image_alts: [],
    hashtags: [],
    links: [],
    self_labels: [],
  });
});

Deno.test("each kind of embed gives its columns", () => {
  const external = { uri: "https://example.org", title: "Rent", description: "It rises" };
  const link = readPost(post({ embed: { $type: "app.bsky.embed.external", external } }));
  assert.deepEqual(
    [link.embed_kind, link.external_url, link.external_title, link.external_description],
    ["external", external.uri, external.title, external.description],
  );
  const images = [{ alt: "a house" }, { alt: "" }, { alt: 7 }, {}];
  const pictures = readPost(post({ embed: { $type: "app.bsky.embed.images", images } }));
  assert.deepEqual([pictures.embed_kind, pictures.image_alts], ["images", ["a house"]]);
  const quoted = { uri: "at://did:plc:abc/app.bsky.feed.post/1", cid: CID };
  const quote = readPost(post({ embed: { $type: "app.bsky.embed.record", record: quoted } }));
  assert.deepEqual([quote.embed_kind, quote.quoted_uri], ["record", quoted.uri]);
  const both = readPost(post({
    embed: {
      $type: "app.bsky.embed.recordWithMedia",
      record: { $type: "app.bsky.embed.record", record: quoted },
      media: { $type: "app.bsky.embed.external", external },
    },
  }));
  assert.deepEqual(
    [both.embed_kind, both.quoted_uri, both.external_url],
    ["recordWithMedia", quoted.uri, external.uri],
  );
  assert.equal(readPost(post({ embed: { $type: "app.bsky.embed.video" } })).embed_kind, "video");
});

Deno.test("hashtags come from the text and from the list of tags, links from the text", () => {
  const facet = (...features: unknown[]) => ({ index: { byteStart: 0, byteEnd: 1 }, features });
  const { hashtags, links } = readPost(post({
    tags: ["late", 7],
    facets: [
      facet({ $type: "app.bsky.richtext.facet#tag", tag: "early" }),
      facet({ $type: "app.bsky.richtext.facet#link", uri: "https://example.org" }),
      facet({ $type: "app.bsky.richtext.facet#mention", did: "did:plc:abc" }),
      facet({ $type: "app.bsky.richtext.facet#tag", tag: 7 }, "rubbish"),
    ],
  }));
  assert.deepEqual([hashtags, links], [["early", "late"], ["https://example.org"]]);
});

Deno.test("links and bytes stand in the record as in DAG-JSON", () => {
  const ref = toCidLink(fromString(CID));
  const { record } = readPost(post({ blob: { ref }, sig: toBytes(new Uint8Array([1, 2])) }));
  assert.deepEqual(JSON.parse(record).blob, { ref: { $link: CID } });
  assert.deepEqual(JSON.parse(record).sig, { $bytes: "AQI" });
});

// Invariant 9
Deno.test("what is no post, or one that cannot be written down, has a reason", () => {
  assert.equal(reason("text"), "not_a_record");
  assert.equal(reason(null), "not_a_record");
  assert.equal(reason({ text: "a" }), "not_a_post");
  assert.equal(reason(post({ text: 7 })), "no_text");
  const nested = (levels: number) =>
    Array.from({ length: levels }).reduce<unknown>((inner) => [inner], 7);
  // The record itself is a level too.
  assert.equal(reason(post({ deep: nested(127) })), "none");
  assert.equal(reason(post({ deep: nested(128) })), "nested_too_deeply");
  let deep: unknown = "\ud800";
  for (let level = 0; level < 200_000; level++) deep = [deep];
  assert.equal(reason(post({ deep })), "nested_too_deeply");
});
