/** Batch files on their way up and down. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { batchForm, GroqBatch } from "../../../classifiers/clients/groq_batch.ts";
import { withData } from "../../rows.ts";
import { withBytes, withServer } from "./odd_server.ts";
import { KEY, never, problemOf, TEXT } from "./secrets.ts";

const batches = (baseUrl: string, timeoutMs = 5000) =>
  new GroqBatch({ key: KEY, baseUrl, timeoutMs });

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

Deno.test("a batch file arrives byte for byte, with its purpose, its name and the key", async () => {
  const lines = `{"custom_id":"1","body":"é ${TEXT}"}\n`.repeat(5000);
  let form: FormData | undefined;
  let authorization: string | null = "";
  const stop = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, signal: stop.signal },
    async (request) => {
      authorization = request.headers.get("authorization");
      form = await request.formData();
      return Response.json({ id: "file_1", object: "file" });
    },
  );
  await withData(async (folder) => {
    const path = join(folder, "job.jsonl");
    await Deno.writeTextFile(path, lines);
    const api = batches(`http://127.0.0.1:${server.addr.port}`);
    assert.equal(await api.uploadBatchFile(path), "file_1");
  });
  stop.abort();
  await server.finished;
  const file = form?.get("file") as File;
  assert.deepEqual([form?.get("purpose"), file.name], ["batch", "job.jsonl"]);
  assert.equal(await file.text(), lines);
  assert.equal(authorization, `Bearer ${KEY}`);
});

Deno.test("a file is read as it is sent, and closed where the rest is not wanted", async () => {
  await withData(async (folder) => {
    const path = join(folder, "big.jsonl");
    await Deno.writeTextFile(path, "");
    await Deno.truncate(path, 100_000_000);
    let pieces = 0;
    const { body } = await batchForm(path, () => pieces++);
    const reader = body.getReader();
    await reader.read();
    await reader.read();
    assert.ok(pieces > 0 && pieces < 10, `${pieces} pieces of 64 KB`);
    await reader.cancel();
  });
});

Deno.test("an upload that is refused while it is sent leaves no file open", async () => {
  await withData(async (folder) => {
    const path = join(folder, "big.jsonl");
    await Deno.writeTextFile(path, "");
    await Deno.truncate(path, 20_000_000);
    const refusal = JSON.stringify({ error: { message: TEXT } });
    const head = `HTTP/1.1 413 Too Large\r\ncontent-length: ${refusal.length}\r\n\r\n`;
    await withBytes(`${head}${refusal}`, async (baseUrl) => {
      const error = await problemOf(batches(baseUrl).uploadBatchFile(path));
      // Where the server hangs up first, nobody hears what it said.
      assert.ok(["fatal", "passing"].includes(error.problem), error.message);
    });
  });
});

Deno.test("lines come whole wherever the network cuts them, without those that are empty", async () => {
  const text = '{"a":"é👩🏽‍🚀"}\n\n{"b":2}\r\n{"c":3}';
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 7, bytes.length]) {
    let at = 0;
    const body = new ReadableStream({
      async pull(stream) {
        // Without a pause, pieces arrive together.
        await new Promise((done) => setTimeout(done, 1));
        stream.enqueue(bytes.slice(at, at += size));
        if (at >= bytes.length) stream.close();
      },
    });
    await withServer(({ url }) => {
      assert.equal(new URL(url).pathname, "/v1/files/file_1/content");
      return new Response(body);
    }, async (baseUrl) => {
      const lines = await collect(batches(baseUrl).downloadLines("file_1", never));
      assert.deepEqual(lines.map((line) => JSON.parse(line)), [{ a: "é👩🏽‍🚀" }, { b: 2 }, { c: 3 }]);
    });
  }
});

Deno.test("a download that breaks or goes silent gives the lines before, and then its error", async () => {
  const half = '{"a":1}\n{"b"';
  const isCut = (reason: string) => async (baseUrl: string) => {
    const lines: string[] = [];
    const read = async () => {
      for await (const line of batches(baseUrl, 100).downloadLines("file_1")) lines.push(line);
    };
    assert.equal((await problemOf(read())).reason, reason);
    assert.deepEqual(lines, ['{"a":1}']);
  };
  await withBytes(`HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n${half}`, isCut("unavailable"));
  const silent = new ReadableStream({
    start: (stream) => stream.enqueue(new TextEncoder().encode(half)),
  });
  await withServer(() => new Response(silent), isCut("timed_out"));
});

Deno.test("a reader that takes its time, or that leaves early, is no time-out of the server", async () => {
  await withServer(() => new Response("1\n2\n3\n".repeat(20_000)), async (baseUrl) => {
    let lines = 0;
    for await (const _ of batches(baseUrl, 50).downloadLines("file_1")) {
      if (++lines === 1) await new Promise((done) => setTimeout(done, 120));
    }
    assert.equal(lines, 60_000);
    for await (const _ of batches(baseUrl).downloadLines("file_1")) break;
  });
});
