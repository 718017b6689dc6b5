import assert from "node:assert/strict";
import { readRow } from "../../../etl/import/import_row.ts";

const NOW = new Date("2026-06-01T12:00:00Z");
const URI = "at://did:plc:abc/app.bsky.feed.post/3k2a";

function row(changes: Record<string, string> = {}): Record<string, string> {
  return { uri: URI, created_at: "2026-05-01T10:00:00Z", text: "a text", ...changes };
}

function reason(changes: Record<string, string>): string {
  try {
    readRow(row(changes), NOW);
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
}

Deno.test("a row becomes a post with its identifiers and counts", () => {
  const counts = { like_count: "12", repost_count: "3.0", reply_count: " 0 ", quote_count: "" };
  assert.deepEqual(readRow(row({ uri: ` ${URI} `, other: "x", ...counts }), NOW), {
    uri: URI,
    did: "did:plc:abc",
    rkey: "3k2a",
    created_at: "2026-05-01T10:00:00.000Z",
    text: "a text",
    langs: [],
    like_count: 12,
    repost_count: 3,
    reply_count: 0,
    quote_count: null,
  });
});

Deno.test("what is no uri of a post is refused", () => {
  for (
    const uri of [
      "",
      "https://bsky.app/profile/a/post/b",
      "at://did:plc:abc/app.bsky.feed.like/3k",
      "at://ada.test/app.bsky.feed.post/3k",
      "at://did:plc:abc/app.bsky.feed.post/",
      "at://did:plc:abc/app.bsky.feed.post/a/b",
      "at://did:plc:abc/app.bsky.feed.post/../b",
      `${URI}\n`.repeat(2),
    ]
  ) assert.equal(reason({ uri }), "invalid_uri", uri);
});

Deno.test("a time without a zone is UTC, and one with a zone is turned into it", () => {
  const times = {
    "2026-05-01T10:00:00.123456Z": "2026-05-01T10:00:00.123Z",
    "2026-05-01 10:00": "2026-05-01T10:00:00.000Z",
    "2026-05-01 10:00:00+02:00": "2026-05-01T08:00:00.000Z",
    "2026-05-01T10:00:00-0530": "2026-05-01T15:30:00.000Z",
    "0001-01-01T00:00:00Z": "0001-01-01T00:00:00.000Z",
    "2026-06-01T12:00:00Z": "2026-06-01T12:00:00.000Z",
  };
  for (const [written, read] of Object.entries(times)) {
    assert.equal(readRow(row({ created_at: written }), NOW).created_at, read);
  }
});

Deno.test("what is no time, or none that can be, is refused", () => {
  for (
    const created_at of [
      "",
      "yesterday",
      "2026-05-01",
      "05/01/2026 10:00",
      "1780000000",
      "2026-13-01T00:00:00Z",
      "2026-05-01T25:00:00Z",
      "0000-06-01T00:00:00Z",
      "0001-01-01T00:00:00+01:00",
      "epoch",
    ]
  ) assert.equal(reason({ created_at }), "invalid_created_at", created_at);
  assert.equal(reason({ created_at: "2026-06-01T12:00:01Z" }), "created_at_in_the_future");
});

Deno.test("a count that is negative, a fraction or no number is refused", () => {
  for (const count of ["-1", "1.5", "many", "1e3", "1,000", "9".repeat(16)]) {
    assert.equal(reason({ like_count: count }), "invalid_like_count", count);
    assert.equal(reason({ quote_count: count }), "invalid_quote_count", count);
  }
});
