import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { CommentAnalyzer } from "../../../classifiers/clients/comment_analyzer.ts";
import { startCommentAnalyzer } from "../../../demo/perspective/comment_analyzer.ts";
import { withBytes, withServer } from "./odd_server.ts";
import { client, KEY, never, problemOf, scored, TEXT } from "./secrets.ts";
import "../../common_environment.ts";

Deno.test("a request without an answer ends after its time", async () => {
  const server = await startCommentAnalyzer({ key: KEY, faults: { silent: 1 } });
  try {
    const error = await problemOf(client(server.url, 50).analyze(TEXT, "en", never));
    assert.deepEqual([error.problem, error.reason], ["passing", "timed_out"]);
    assert.match(error.message, /0\.05 s/);
  } finally {
    await server.close();
  }
});

Deno.test("an answer that stops half-way ends after its time too", async () => {
  const half = new ReadableStream({ start: (it) => it.enqueue(new TextEncoder().encode("{")) });
  await withServer(() => new Response(half), async (rootUrl) => {
    const error = await problemOf(client(rootUrl, 100).analyze(TEXT, "en", never));
    assert.deepEqual([error.problem, error.reason], ["passing", "timed_out"]);
  });
});

Deno.test("an abort ends the request with the signal's reason, and asks for nothing after it", async () => {
  const server = await startCommentAnalyzer({ key: KEY, faults: { silent: 1 } });
  try {
    const stop = new AbortController();
    const request = client(server.url).analyze(TEXT, "en", stop.signal);
    const reason = new Error("stopped");
    while (server.arrivals.length === 0) await delay(5);
    stop.abort(reason);
    await assert.rejects(request, (error) => error === reason);
    await assert.rejects(client(server.url).analyze(TEXT, "en", stop.signal), reason);
    assert.equal(server.arrivals.length, 1);
  } finally {
    await server.close();
  }
});

Deno.test("connections that are reset, refused or cut in mid-answer are tried again later", async () => {
  const server = await startCommentAnalyzer({ key: KEY, faults: { reset: 1 } });
  const isUnavailable = async (rootUrl: string) => {
    const error = await problemOf(client(rootUrl).analyze(TEXT, "en", never));
    assert.deepEqual([error.problem, error.reason], ["passing", "unavailable"], error.message);
    return error.message;
  };
  assert.match(await isUnavailable(server.url), /the connection broke/);
  assert.equal(server.arrivals.length, 1, "trying again is the engine's");
  await server.close();
  assert.match(await isUnavailable(server.url), /cannot be reached/);
  const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
  await withBytes(`${head}content-length: 5000\r\n\r\n{"attributeScores`, isUnavailable);
  await withBytes(
    `${head}transfer-encoding: chunked\r\n\r\n5\r\n{"att\r\n`,
    isUnavailable,
  );
  await withBytes("SSH-2.0-OpenSSH_9.2\r\n", isUnavailable);
  await withBytes("", isUnavailable);
});

// Invariant 3
Deno.test("a request whose connection breaks is sent once, also where others went over it before", async () => {
  const faults: { reset?: number } = {};
  const server = await startCommentAnalyzer({ key: KEY, faults });
  try {
    const ask = () => client(server.url).analyze(TEXT, "en", never);
    for (let count = 2; count <= 10; count += 2) {
      faults.reset = 0;
      await ask();
      faults.reset = 1;
      assert.equal((await problemOf(ask())).reason, "unavailable");
      assert.equal(server.arrivals.length, count);
    }
  } finally {
    await server.close();
  }
});

Deno.test("a redirect is not followed: neither key nor post reaches another server", async () => {
  let strangers = 0;
  await withServer(() => {
    strangers++;
    return new Response(scored);
  }, async (elsewhere) => {
    for (const status of [301, 302, 303, 307, 308]) {
      await withServer(
        () => new Response(null, { status, headers: { location: elsewhere } }),
        async (rootUrl) => {
          const error = await problemOf(client(rootUrl).analyze(TEXT, "en", never));
          assert.deepEqual([error.problem, error.reason], ["denied", "unavailable"]);
          assert.match(error.message, /PERSPECTIVE_ROOT_URL/);
        },
      );
    }
  });
  assert.equal(strangers, 0);
});

Deno.test("a refusal is asked once: trying again is the engine's", async () => {
  for (const status of [429, 503, 500]) {
    let requests = 0;
    await withServer(() => {
      requests++;
      return new Response("{}", { status });
    }, async (rootUrl) => void await problemOf(client(rootUrl).analyze(TEXT, "en", never)));
    assert.equal(requests, 1);
  }
});

Deno.test("a server that repeats key and post everywhere gets neither into an error", async () => {
  const parrot = `${KEY} ${TEXT}`;
  const details = [{ errorType: parrot, reason: parrot }, { [parrot]: parrot }, parrot];
  const error = { code: parrot, message: parrot, status: parrot, details, errors: details };
  const known = ["COMMENT_EMPTY", "INVALID_REQUEST", "API_KEY_INVALID", "RATE_LIMIT_EXCEEDED"].map(
    (word) => JSON.stringify({ error: { ...error, details: [{ errorType: word, reason: word }] } }),
  );
  const bodies = [
    ...known,
    JSON.stringify({ error }),
    `<html>${parrot}</html>`,
    parrot,
    `{"${parrot}`,
  ];
  const headers = { "x-echo": KEY, "retry-after": KEY, "content-type": "application/json" };
  for (const status of [200, 400, 401, 403, 404, 413, 418, 429, 498, 500, 503]) {
    for (const body of bodies) {
      await withServer(() => new Response(body, { status, headers }), async (rootUrl) => {
        const ask = async () => {
          const raw = await client(rootUrl).analyze(TEXT, "en", never);
          return CommentAnalyzer.readAnswer(raw);
        };
        await problemOf(ask());
      });
    }
  }
});
