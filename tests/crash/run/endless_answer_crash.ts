/** Answers without an end, and answers of few bytes that become many, cost an error and little memory. */
import assert from "node:assert/strict";
import { onlyThese } from "../../../etl/run/environment.ts";
import { ROOT } from "../../task.ts";

/** How much more memory than before a server may cost us. */
const MOST_MB = 300;
const MOST_SECONDS = 60;
const CLIENTS = [
  "AppView.getFeed",
  "AppView.getPosts",
  "doctor",
  "CommentAnalyzer",
  "Groq.chat",
  "Groq.models",
  "GroqBatch.retrieveBatch",
  "GroqBatch.downloadLines",
];

const TEXT = new TextEncoder().encode(`{"text": "${"x".repeat(1_000_000)}`);
const json = { "content-type": "application/json" };
/** 200 MB of one letter, in 0.2 MB. */
const bomb = await compressed(200);

async function compressed(megabytes: number): Promise<Uint8Array<ArrayBuffer>> {
  let left = megabytes;
  const letters = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(body) {
      if (left-- > 0) body.enqueue(TEXT);
      else body.close();
    },
  });
  const gzip = letters.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(gzip).arrayBuffer());
}

const ANSWERS: Record<string, (status: number) => Response> = {
  "without an end": (status) =>
    new Response(new ReadableStream({ pull: (body) => body.enqueue(TEXT) }), {
      status,
      headers: json,
    }),
  "that is a bomb": (status) =>
    new Response(bomb, { status, headers: { ...json, "content-encoding": "gzip" } }),
};

for (const [kind, answer] of Object.entries(ANSWERS)) {
  Deno.test(`an answer ${kind} is an error, and takes no memory to speak of`, async (t) => {
    for (const status of [200, 500]) {
      const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
        // Groq's client tells the content of a file by its address.
        return answer(request.url.endsWith("/content") ? 200 : status);
      });
      const url = `http://127.0.0.1:${server.addr.port}`;
      for (const client of CLIENTS) {
        await t.step(`${client}, HTTP ${status}`, async () => {
          const { message, megabytes, seconds } = await ask(client, url);
          assert.notEqual(message, "an answer");
          assert.ok(megabytes < MOST_MB, `${megabytes} MB: ${message}`);
          assert.ok(seconds < MOST_SECONDS, `${seconds} s: ${message}`);
        });
      }
      await server.shutdown();
    }
  });
}

async function ask(client: string, url: string) {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "-A",
      `${ROOT}tests/crash/run/asking_process.ts`,
      client,
      url,
    ],
    cwd: ROOT,
    env: onlyThese({}),
  }).output();
  const decoder = new TextDecoder();
  const [line] = /^\{.*\}$/m.exec(decoder.decode(stdout)) ?? [];
  assert.ok(line, decoder.decode(stderr).slice(0, 500));
  return JSON.parse(line) as { message: string; megabytes: number; seconds: number };
}
