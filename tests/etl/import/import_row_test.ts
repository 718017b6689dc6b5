import assert from "node:assert/strict";
import { readAnswer, readTime } from "../../../etl/import/cell.ts";
import { understand } from "../../../etl/import/columns.ts";
import { readRow as readUnderstood } from "../../../etl/import/import_row.ts";

const NOW = new Date("2026-06-01T12:00:00Z");
const URI = "at://did:plc:abc/app.bsky.feed.post/3k2a";

function row(changes: Record<string, string> = {}): Record<string, string> {
  return { uri: URI, created_at: "2026-05-01T10:00:00Z", text: "a text", ...changes };
}

function readRow(fields: Record<string, string>, now: Date) {
  return readUnderstood(fields, understand(Object.keys(fields)), now);
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
  assert.deepEqual(readRow(row({ uri: ` ${URI} `, other: "x", ...counts }), NOW).post, {
    uri: URI,
    did: "did:plc:abc",
    rkey: "3k2a",
    cid: null,
    created_at: "2026-05-01T10:00:00.000Z",
    text: "a text",
    langs: [],
    like_count: 12,
    repost_count: 3,
    reply_count: 0,
    quote_count: null,
    counted_at: null,
  });
});

Deno.test("what is no uri of a post is refused", () => {
  for (
    const uri of [
      "",
      "https://bsky.app/profile/a/post/b",
      "https://bsky.app/profile/did:plc:abc",
      "https://bsky.app/profile/did:plc:abc/feed/b",
      "https://example.org/profile/did:plc:abc/post/b",
      "NA",
      "at://did:plc:abc/app.bsky.feed.like/3k",
      "at://did:plc:abc/app.bsky.feed.post/",
      "at://did:plc:abc/app.bsky.feed.post/a/b",
      "at://did:plc:abc/app.bsky.feed.post/../b",
      `${URI}\n`.repeat(2),
    ]
  ) assert.equal(reason({ uri }), "invalid_uri", uri);
});

Deno.test("the link of an app names a post where it has a did, and a handle is said to be too little", () => {
  for (
    const link of [
      "https://bsky.app/profile/did:plc:abc/post/3k2a",
      "https://bsky.app/profile/did%3Aplc%3Aabc/post/3k2a/",
      "http://main.bsky.app/profile/did:plc:abc/post/3k2a?ref=x#top",
    ]
  ) {
    const { uri, did, rkey } = readRow(row({ uri: link }), NOW).post;
    assert.deepEqual([uri, did, rkey], [URI, "did:plc:abc", "3k2a"]);
  }
  for (
    const uri of [
      "https://bsky.app/profile/h.example/post/3k2a",
      "at://ada.test/app.bsky.feed.post/3k",
    ]
  ) assert.equal(reason({ uri }), "handle_instead_of_did");
});

Deno.test("exports of 4CAT and minet are read by their own names", () => {
  const cat = { collected_at: "2026-05-02T00:00:00", id: URI, body: "a text", like_count: "5" };
  const first = readRow({ ...cat, created_at: "2026-05-01T10:00:00.123000+00:00" }, NOW).post;
  assert.deepEqual([first.uri, first.created_at, first.text, first.like_count], [
    URI,
    "2026-05-01T10:00:00.123Z",
    "a text",
    5,
  ]);
  const minet = {
    cid: "bafy",
    did: "3k2a",
    uri: URI,
    url: "https://bsky.app/profile/did:plc:abc/post/3k2a",
    timestamp_utc: "1777629600",
    local_time: "2026-05-01T12:00:00",
    user_did: "did:plc:abc",
    text: "a text https://cdn.example/picture",
    original_text: "a text",
  };
  const second = readRow(minet, NOW).post;
  assert.deepEqual([second.uri, second.created_at, second.text], [
    URI,
    "2026-05-01T10:00:00.000Z",
    "a text",
  ]);
});

Deno.test("what R, Python and databases write for a text that is missing is an empty text", () => {
  for (const text of ["", "NA", "NaN", "NULL", "<NA>", "#N/A", "\\N"]) {
    assert.equal(readRow(row({ text }), NOW).post.text, "", text);
  }
  // Words that people write stay.
  for (const text of ["None", "nan", "null", "n/a", "-", " ", "NA!"]) {
    assert.equal(readRow(row({ text }), NOW).post.text, text);
  }
});

Deno.test("a time without a zone is UTC, and one with a zone is turned into it", () => {
  const times = {
    "2026-05-01T10:00:00.123456Z": "2026-05-01T10:00:00.123Z",
    "2026-05-01 10:00": "2026-05-01T10:00:00.000Z",
    "2026-05-01 10:00:00+02:00": "2026-05-01T08:00:00.000Z",
    "2026-05-01T10:00:00-0530": "2026-05-01T15:30:00.000Z",
    "2022-11-01": "2022-11-01T00:00:00.000Z",
    "2026-06-01T12:00:00Z": "2026-06-01T12:00:00.000Z",
    "2026-05-01": "2026-05-01T00:00:00.000Z",
    "2026-05-01 10:00:00.123+00": "2026-05-01T10:00:00.123Z",
    "2026-05-01 12:00:00+02": "2026-05-01T10:00:00.000Z",
    "2026-05-01 15:30:00 +0530": "2026-05-01T10:00:00.000Z",
    "2026-05-01 04:30:00-05:30": "2026-05-01T10:00:00.000Z",
    "2026-05-01 10:00:00 UTC": "2026-05-01T10:00:00.000Z",
    "2026-05-01 10:00:00 GMT": "2026-05-01T10:00:00.000Z",
    "2026-05-01t10:00:00z": "2026-05-01T10:00:00.000Z",
    "2026-05-01T10:00:00,5Z": "2026-05-01T10:00:00.500Z",
    "2026-05-01T10:00:00.1234567890Z": "2026-05-01T10:00:00.123Z",
    "2026-04-30T24:00:00Z": "2026-05-01T00:00:00.000Z",
    "2026-04-30 24:00": "2026-05-01T00:00:00.000Z",
    "2026-02-28T24:00:00+01:00": "2026-02-28T23:00:00.000Z",
    "2024-02-29": "2024-02-29T00:00:00.000Z",
    "2024-02-29T23:30:00-01:00": "2024-03-01T00:30:00.000Z",
  };
  for (const [written, read] of Object.entries(times)) {
    assert.equal(readRow(row({ created_at: written }), NOW).post.created_at, read, written);
  }
});

Deno.test("what is no time, or none that can be, is refused", () => {
  for (
    const created_at of [
      "yesterday",
      "05/01/2026 10:00",
      "1780000000",
      "2026-13-01T00:00:00Z",
      "2026-05-01T25:00:00Z",
      "2026-05-01T24:00:01Z",
      "2026-05-01T10:60:00Z",
      "2026-05-01T10:00:60Z",
      "2026-05-01T10:00:00+24:00",
      "2026-02-30T10:00:00Z",
      "2026-04-31 10:00:00",
      "2026-02-29",
      "1900-02-29",
      "2026-05-00",
      "2026-05-01+02:00",
      "1.78e9",
      "0000-06-01T00:00:00Z",
      "epoch",
    ]
  ) assert.equal(reason({ created_at }), "invalid_created_at", created_at);
  assert.equal(reason({ created_at: "2026-06-01T12:00:01Z" }), "created_at_in_the_future");
  // A row that has none at all is about a post that is here.
  for (const created_at of ["", " ", "NA", "null"]) {
    assert.equal(reason({ created_at }), "no_such_post", created_at);
  }
});

Deno.test("a day before the network was there costs its cell where the key of the post has a time", () => {
  const keyed = "at://did:plc:abc/app.bsky.feed.post/3lqa2222222aa";
  const early = ["0001-01-01", "1970-01-01T00:00:00Z", "1899-12-31 00:00", "2022-10-31T23:59:59Z"];
  for (const created_at of early) {
    assert.equal(reason({ created_at }), "created_at_before_the_network", created_at);
    const { post, unreadable } = readRow(row({ uri: keyed, created_at }), NOW);
    assert.deepEqual([post.created_at, unreadable], ["2025-05-28T10:54:06.594Z", ["created_at"]]);
  }
  // A key of before the network, or of the future, is no better.
  for (const key of ["2222222222222", "3zzzzzzzzzzzz"]) {
    const uri = `at://did:plc:abc/app.bsky.feed.post/${key}`;
    assert.equal(reason({ uri, created_at: "1970-01-01" }), "created_at_before_the_network", key);
  }
});

Deno.test("nobody counted a post before it was written", () => {
  const counted = (created_at: string, counted_at: string) => {
    const { post, unreadable } = readRow(row({ created_at, counted_at, likes: "3" }), NOW);
    return [post.like_count, post.counted_at, ...unreadable];
  };
  const time = "2026-05-01T10:00:00Z";
  assert.deepEqual(counted(time, "2026-05-01T09:59:59Z"), [3, null, "counted_at"]);
  assert.deepEqual(counted(time, "2020-01-01"), [3, null, "counted_at"]);
  assert.deepEqual(counted(time, "1970-01-01"), [3, null, "counted_at"]);
  assert.deepEqual(counted(time, "2026-05-01T10:00:00Z"), [3, "2026-05-01T10:00:00.000Z"]);
  // The day alone may be any time of it.
  assert.deepEqual(counted(time, "2026-05-01"), [3, "2026-05-01T10:00:00.000Z"]);
  assert.deepEqual(counted("2026-05-01", "2026-05-01"), [3, "2026-05-01T00:00:00.000Z"]);
});

Deno.test("a day is read where the calendar has it, and none lands on another", () => {
  for (const year of [1900, 2000, 2023, 2024]) {
    for (let month = 1; month <= 12; month++) {
      for (let day = 0; day <= 32; day++) {
        const written = [year, ...[month, day].map((part) => String(part).padStart(2, "0"))]
          .join("-");
        const has = day >= 1 &&
          new Date(Date.UTC(year, month - 1, day)).getUTCMonth() === month - 1;
        for (const clock of ["", " 10:00:00", "T10:00:00Z"]) {
          const time = readTime(`${written}${clock}`);
          assert.equal(
            time?.toISOString().slice(0, 10),
            has ? written : undefined,
            written + clock,
          );
        }
      }
    }
  }
});

Deno.test("whole numbers are read as tools write them, and nothing of a count that is missing", () => {
  const counts: Record<string, number | null> = {
    "12": 12,
    "12.0": 12,
    "12,0": 12,
    " 7 ": 7,
    "+7": 7,
    "3e3": 3000,
    "1e+05": 100_000,
    "1E5": 100_000,
    "1.5e3": 1500,
    "1,5E+03": 1500,
    "1,234": 1234,
    "1,234,567": 1_234_567,
    "1,234.00": 1234,
    "1.234.567": 1_234_567,
    "1 234": 1234,
    "1\u00a0234": 1234,
    "1\u202f234\u202f567": 1_234_567,
    "1'234": 1234,
    "": null,
    NA: null,
    NaN: null,
    NULL: null,
    None: null,
    nan: null,
    "\\N": null,
    "#N/A": null,
  };
  for (const [written, count] of Object.entries(counts)) {
    const { post, unreadable } = readRow(row({ like_count: written }), NOW);
    assert.deepEqual([post.like_count, unreadable], [count, []], written);
  }
});

Deno.test("a count that cannot be read costs its cell and not the post", () => {
  for (
    const count of [
      "-1",
      "1.5",
      "many",
      "1.234",
      "1,23",
      "0,123",
      "01,234",
      "0 123",
      "12,34,567",
      "1,234.567",
      "1.2K",
      "TRUE",
      "9".repeat(16),
      "1e99",
    ]
  ) {
    const { post, unreadable } = readRow(row({ Likes: count, reply_count: "3" }), NOW);
    assert.deepEqual([post.like_count, post.reply_count, unreadable], [null, 3, ["Likes"]], count);
  }
});

Deno.test("one answer of a coder is one answer, whichever tool wrote it", () => {
  const answers: Record<string, string | null> = {
    TRUE: "true",
    True: "true",
    false: "false",
    " FALSE ": "false",
    "1": "1",
    "1.0": "1",
    "-1.00": "-1",
    "1.5": "1.5",
    "not civic": "not civic",
    None: "None",
    NA: null,
    NaN: null,
    NULL: null,
    "": null,
  };
  for (const [written, answer] of Object.entries(answers)) {
    assert.equal(readAnswer(written), answer, written);
  }
});
