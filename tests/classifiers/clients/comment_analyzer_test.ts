import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import {
  ATTRIBUTES,
  COLUMNS,
  CommentAnalyzer,
  MAX_BYTES,
  ROOT_URL,
} from "../../../classifiers/clients/comment_analyzer.ts";
import { startCommentAnalyzer } from "../../../demo/perspective/comment_analyzer.ts";
import { UserError } from "../../../etl/run/error.ts";
import { withServer } from "./odd_server.ts";
import { assertRedacted, client, KEY, never, problemOf, scored, TEXT } from "./secrets.ts";
import "../../common_environment.ts";

Deno.test("all 21 attributes are asked for at once, for one language, and nothing may be stored", async () => {
  const seen: { method: string; url: string; headers: Headers }[] = [];
  let sent = "";
  await withServer((request, body) => {
    seen.push({ method: request.method, url: request.url, headers: new Headers(request.headers) });
    sent = body;
    return new Response(scored, { headers: { "content-type": "application/json" } });
  }, async (rootUrl) => {
    assert.equal(await client(rootUrl).analyze(TEXT, "en", never), scored);
  });
  const [request] = seen as [typeof seen[number]];
  assert.equal(seen.length, 1);
  assert.equal(request.method, "POST");
  assert.match(request.url, /^http:\/\/127\.0\.0\.1:\d+\/v1alpha1\/comments:analyze$/);
  assert.equal(request.headers.get("x-goog-api-key"), KEY);
  assert.match(request.headers.get("content-type")!, /^application\/json/);
  const { requestedAttributes, ...rest } = JSON.parse(sent);
  assert.deepEqual(rest, {
    comment: { text: TEXT, type: "PLAIN_TEXT" },
    languages: ["en"],
    doNotStore: true,
    dropUnsupportedAttributes: true,
  });
  assert.deepEqual(Object.keys(requestedAttributes), Object.keys(ATTRIBUTES));
  assert.equal(Object.keys(ATTRIBUTES).length, 21);
  assert.equal(sent, CommentAnalyzer.request(TEXT, "en"));
});

Deno.test("the columns are the 21 of the attributes and prob_constructive", () => {
  assert.equal(Object.keys(COLUMNS).length, 22);
  assert.deepEqual(new Set(Object.values(COLUMNS)), new Set(["DOUBLE"]));
  assert.ok("prob_constructive" in COLUMNS);
  assert.ok(!Object.values(ATTRIBUTES).includes("prob_constructive"));
});

Deno.test("a root URL may have a path, and a slash at its end or none", async () => {
  for (const path of ["/", "/perspective", "/a/b/"]) {
    const server = await startCommentAnalyzer({ key: KEY, path });
    try {
      for (const rootUrl of [server.url, server.url.replace(/\/$/, ""), `${server.url}/`]) {
        await client(rootUrl).analyze(TEXT, "en", never);
      }
      assert.deepEqual(server.statuses, new Map([[200, 3]]));
    } finally {
      await server.close();
    }
  }
});

Deno.test("a root URL that cannot be one is refused without repeating it", () => {
  const bad = ["", "example.org", "ftp://example.org", `https://u:${KEY}@example.org`];
  for (
    const rootUrl of [...bad, `https://example.org/?key=${KEY}`, `https://example.org/#${KEY}`]
  ) {
    assert.throws(() => client(rootUrl), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exitCode, 2);
      assertRedacted(error);
      return /PERSPECTIVE_ROOT_URL/.test(error.format());
    });
  }
});

Deno.test("a key with characters that no header takes is refused without repeating it", () => {
  for (
    const key of [
      "",
      " ",
      `${KEY} `,
      `${KEY}\n`,
      `${KEY}\r\nx: y`,
      `${KEY}\0`,
      `${KEY}é`,
      `${KEY}🔑`,
    ]
  ) {
    assert.throws(() => client(ROOT_URL, undefined, key), (error) => {
      assert.ok(error instanceof UserError);
      assertRedacted(error);
      return /PERSPECTIVE_API_KEY/.test(error.message) && /\.env/.test(error.remedy);
    });
  }
});

Deno.test("a key of any other characters arrives as it is, and is not in the URL", async () => {
  const key = "!#$%&'*+-./:;<=>?@[]^_`{|}~\"\\(),";
  const server = await startCommentAnalyzer({ key });
  try {
    await client(server.url, undefined, key).analyze(TEXT, "en", never);
  } finally {
    await server.close();
  }
});

Deno.test("texts that are empty or longer than 20,480 bytes cost no request", async () => {
  const server = await startCommentAnalyzer({ key: KEY });
  const ask = (text: string) => client(server.url).analyze(text, "en", never);
  try {
    for (const text of ["", " \n\t"]) {
      assert.equal((await problemOf(ask(text))).reason, "empty");
    }
    const tooLong = ["x".repeat(MAX_BYTES + 1), "é".repeat(MAX_BYTES / 2 + 1), "x".repeat(1e7)];
    for (const text of tooLong) {
      const error = await problemOf(ask(text));
      assert.deepEqual([error.problem, error.reason], ["rejected", "too_long"]);
    }
    assert.equal(server.arrivals.length, 0);
    await ask("é".repeat(MAX_BYTES / 2));
    await ask("😀".repeat(MAX_BYTES / 4));
    assert.equal(server.answered.size, 2);
  } finally {
    await server.close();
  }
});

Deno.test("half a surrogate pair is sent as U+FFFD, and every other character as it is", async () => {
  const server = await startCommentAnalyzer({ key: KEY });
  try {
    for (const text of ["half \ud83d of", "\udc00", 'nul \0 and \u2028 \ufeff "\\', "👩🏽‍🚀 العربية"]) {
      await client(server.url).analyze(text, "en", never);
      assert.equal(server.answered.get(text.toWellFormed()), 1);
    }
  } finally {
    await server.close();
  }
});

Deno.test("a compressed answer is read", async () => {
  const headers = { "content-type": "application/json", "content-encoding": "gzip" };
  await withServer(() => new Response(gzipSync(scored), { headers }), async (rootUrl) => {
    assert.equal(await client(rootUrl).analyze(TEXT, "en", never), scored);
  });
});
