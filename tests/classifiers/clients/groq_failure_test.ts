import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { Groq } from "../../../classifiers/clients/groq.ts";
import { readChatAnswer } from "../../../classifiers/clients/groq_answer.ts";
import { KNOWN_CODES } from "../../../classifiers/clients/groq_refusal.ts";
import { ask, completed, request } from "./chat.ts";
import { withBytes, withServer } from "./odd_server.ts";
import { KEY, problemOf, TEXT } from "./secrets.ts";
import "../../common_environment.ts";

Deno.test("a request without an answer ends after its time", async () => {
  const answer = Promise.withResolvers<Response>();
  await withServer(() => answer.promise, async (baseUrl) => {
    const error = await problemOf(ask(baseUrl, 50));
    assert.deepEqual([error.problem, error.reason], ["passing", "timed_out"]);
    assert.match(error.message, /0\.05 s/);
    answer.resolve(new Response());
  });
});

Deno.test("an answer or a refusal that stops half-way ends after its time too", async () => {
  for (const status of [200, 500]) {
    const half = () =>
      new ReadableStream({ start: (it) => it.enqueue(new TextEncoder().encode("{")) });
    await withServer(() => new Response(half(), { status }), async (baseUrl) => {
      const error = await problemOf(ask(baseUrl, 100));
      assert.deepEqual([error.problem, error.reason], ["passing", "timed_out"], `${status}`);
    });
  }
});

Deno.test("an abort ends the request with the signal's reason, and asks for nothing after it", async () => {
  let arrivals = 0;
  const answer = Promise.withResolvers<Response>();
  await withServer(() => {
    arrivals++;
    return answer.promise;
  }, async (baseUrl) => {
    const stop = new AbortController();
    const groq = new Groq({ key: KEY, baseUrl });
    const asked = groq.chat(request, stop.signal);
    const reason = new Error("stopped");
    while (arrivals === 0) await delay(5);
    stop.abort(reason);
    await assert.rejects(asked, (error) => error === reason);
    await assert.rejects(groq.chat(request, stop.signal), (error) => error === reason);
    answer.resolve(new Response());
  });
  assert.equal(arrivals, 1);
});

Deno.test("connections that are refused, or cut before or in an answer, are tried again later", async () => {
  const isUnavailable = async (baseUrl: string) => {
    const error = await problemOf(ask(baseUrl));
    assert.deepEqual([error.problem, error.reason], ["passing", "unavailable"], error.message);
    return error.message;
  };
  const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
  await withBytes(`${head}content-length: 5000\r\n\r\n{"choices`, isUnavailable);
  await withBytes(`${head}transfer-encoding: chunked\r\n\r\n5\r\n{"att\r\n`, isUnavailable);
  await withBytes("SSH-2.0-OpenSSH_9.2\r\n", isUnavailable);
  let gone = "";
  await withBytes("", async (baseUrl) => {
    gone = baseUrl;
    assert.match(await isUnavailable(baseUrl), /the connection broke/);
  });
  assert.match(await isUnavailable(gone), /cannot be reached/);
});

Deno.test("a redirect is not followed: neither key nor post reaches another server", async () => {
  let strangers = 0;
  await withServer(() => {
    strangers++;
    return new Response(completed);
  }, async (elsewhere) => {
    for (const status of [301, 302, 303, 307, 308]) {
      await withServer(
        () => new Response(null, { status, headers: { location: elsewhere } }),
        async (baseUrl) => {
          const error = await problemOf(ask(baseUrl));
          assert.deepEqual([error.problem, error.reason], ["fatal", null]);
          assert.match(error.message, /GROQ_BASE_URL/);
        },
      );
    }
  });
  assert.equal(strangers, 0);
});

Deno.test("a refusal is asked once, even where the service tells the SDK to try again", async () => {
  for (const status of [408, 409, 429, 498, 500, 503]) {
    let requests = 0;
    await withServer(() => {
      requests++;
      return new Response("{}", { status, headers: { "x-should-retry": "true" } });
    }, async (baseUrl) => void await problemOf(ask(baseUrl)));
    assert.equal(requests, 1);
  }
});

Deno.test("what is no JSON is an invalid answer, with status 200 too", async () => {
  const pages = ["<!DOCTYPE html><title>Sign in</title>", "", "[]", "null", "OK", "data: {}\n\n"];
  for (const body of pages) {
    for (const type of ["text/html", "application/json", "text/event-stream"]) {
      await withServer(
        () => new Response(body, { headers: { "content-type": type } }),
        async (baseUrl) => {
          const error = await problemOf(ask(baseUrl));
          assert.deepEqual([error.problem, error.reason], ["passing", "invalid_answer"], body);
        },
      );
    }
  }
  await withServer(() => new Response(null, { status: 204 }), async (baseUrl) => {
    assert.equal((await problemOf(ask(baseUrl))).reason, "invalid_answer");
  });
});

Deno.test("a server that repeats key and post everywhere gets neither into an error", async () => {
  const parrot = `${KEY} ${TEXT}`;
  const error = { message: parrot, type: parrot, code: parrot, param: parrot };
  const bodies = [
    ...KNOWN_CODES.map((code) => JSON.stringify({ error: { ...error, code } })),
    JSON.stringify({ error: { ...error, message: `response_format model ${parrot}` } }),
    JSON.stringify({ error, [parrot]: parrot }),
    JSON.stringify({ error: parrot }),
    JSON.stringify({ object: "error", ...error }),
    JSON.stringify({ detail: [{ loc: [parrot], msg: parrot }] }),
    `<html>${parrot}</html>`,
    `{"${parrot}`,
  ];
  const headers = { "x-echo": KEY, "retry-after": KEY, "content-type": "application/json" };
  let answer = new Response();
  await withServer(() => answer, async (baseUrl) => {
    for (const status of [200, 400, 401, 403, 404, 413, 418, 422, 429, 498, 500, 503]) {
      for (const body of bodies) {
        answer = new Response(body, { status, headers });
        await problemOf((async () => readChatAnswer((await ask(baseUrl)).body))());
      }
    }
  });
});
