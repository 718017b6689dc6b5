import assert from "node:assert/strict";
import { join } from "node:path";
import { GroqBatch } from "../../../classifiers/clients/groq_batch.ts";
import { readBatchLine } from "../../../classifiers/clients/groq_batch_line.ts";
import { BATCH_STATUSES } from "../../../classifiers/clients/groq_batch_object.ts";
import { withData } from "../../rows.ts";
import { completed, MODEL } from "./chat.ts";
import { type Handler, withBytes, withServer } from "./odd_server.ts";
import { KEY, never, problemOf, TEXT } from "./secrets.ts";

const batches = (baseUrl: string, timeoutMs = 5000) =>
  new GroqBatch({ key: KEY, baseUrl, timeoutMs });

const batch = (values: Record<string, unknown> = {}) => ({
  id: "batch_1",
  object: "batch",
  status: "in_progress",
  input_file_id: "file_1",
  created_at: 1,
  ...values,
});

/** Do something with the Batch API of a server that answers all as a function says. */
async function answered(answer: Handler, use: (api: GroqBatch) => Promise<unknown>) {
  await withServer(answer, (baseUrl) => use(batches(baseUrl)));
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const gone = (what: string) =>
  Response.json({ error: { message: `${what} was not found`, code: "not_found" } }, {
    status: 404,
  });

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

Deno.test("an upload of 100 MB never stands in memory, and a refused one leaves no file open", async () => {
  await withData(async (folder) => {
    const path = join(folder, "big.jsonl");
    await Deno.writeTextFile(path, "");
    await Deno.truncate(path, 100_000_000);
    const before = Deno.memoryUsage().rss;
    let most = 0;
    let bytes = 0;
    const stop = new AbortController();
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, signal: stop.signal },
      async (request) => {
        if (new URL(request.url).pathname.startsWith("/refuses")) {
          return Response.json({ error: { message: TEXT } }, { status: 413 });
        }
        for await (const piece of request.body!) {
          bytes += piece.length;
          most = Math.max(most, Deno.memoryUsage().rss - before);
        }
        return Response.json({ id: "file_1" });
      },
    );
    const url = `http://127.0.0.1:${server.addr.port}`;
    await batches(url).uploadBatchFile(path);
    assert.ok(bytes > 100_000_000);
    assert.ok(most < 80e6, `${most} bytes`);
    const error = await problemOf(batches(`${url}/refuses`).uploadBatchFile(path));
    assert.ok(["fatal", "passing"].includes(error.problem), error.message);
    stop.abort();
    await server.finished;
  });
});

Deno.test("a batch is made of a file, for the endpoint of chats and a window", async () => {
  let sent: unknown;
  await answered((_, body) => {
    sent = JSON.parse(body);
    return Response.json(batch());
  }, async (api) => assert.equal(await api.createBatch("file_1", "24h"), "batch_1"));
  assert.deepEqual(sent, {
    input_file_id: "file_1",
    endpoint: "/v1/chat/completions",
    completion_window: "24h",
  });
});

Deno.test("the batch of a file is found behind any number of pages, Groq's and OpenAI's", async () => {
  const others = Array.from(
    { length: 250 },
    (_, i) => batch({ id: `batch_${i + 2}`, input_file_id: `file_${i + 2}` }),
  );
  const all = [...others, batch()];
  const pages: [string, (at: number) => unknown][] = [
    ["cursor", (at) => ({ paging: { next_cursor: at < all.length ? `${at}` : null } })],
    ["after", (at) => ({ has_more: at < all.length, last_id: `${at}` })],
  ];
  for (const [parameter, more] of pages) {
    let requests = 0;
    await answered(({ url }) => {
      requests++;
      const from = Number(new URL(url).searchParams.get(parameter) ?? 0);
      const data = all.slice(from, from + 100);
      return Response.json({ object: "list", data, ...more(from + 100) as object });
    }, async (api) => {
      assert.equal(await api.findBatchOfFile("file_1"), "batch_1");
      assert.equal(await api.findBatchOfFile("file_900"), undefined);
    });
    assert.equal(requests, 6);
  }
});

Deno.test("a list that never ends is an error, and of several batches the first that lives is given", async () => {
  await answered(
    () => Response.json({ data: [], paging: { next_cursor: "again" } }),
    async (api) => {
      const error = await problemOf(api.findBatchOfFile("file_1"));
      assert.match(error.message, /does not come to the end/);
    },
  );
  const data = [
    batch({ id: "batch_4", created_at: 4 }),
    batch({ id: "batch_3", created_at: 3, status: "completed" }),
    batch({ id: "batch_1", status: "failed" }),
    "no batch",
  ];
  await answered(() => Response.json({ data }), async (api) => {
    assert.equal(await api.findBatchOfFile("file_1"), "batch_3");
  });
  await answered(() => Response.json({ data: [batch({ status: "failed" })] }), async (api) => {
    assert.equal(await api.findBatchOfFile("file_1"), "batch_1");
  });
});

Deno.test("every status is known, with what there is of files, counts and errors", async () => {
  for (const status of BATCH_STATUSES) {
    await answered(() => Response.json(batch({ status })), async (api) => {
      assert.deepEqual(await api.retrieveBatch("batch_1"), {
        id: "batch_1",
        status,
        counts: { total: 0, completed: 0, failed: 0 },
        outputFileId: undefined,
        errorFileId: undefined,
        expiresAt: undefined,
        errors: [],
      });
    });
  }
  const data = [{ code: "invalid_json_line", line: 3, message: TEXT }, { code: TEXT, line: null }];
  for (const errors of [data, { object: "list", data }]) {
    const values = {
      status: "failed",
      output_file_id: "file_o",
      error_file_id: "",
      expires_at: 1_780_000_000,
      request_counts: { total: 5, completed: 3, failed: 1 },
      errors,
    };
    await answered(() => Response.json(batch(values)), async (api) => {
      const read = await api.retrieveBatch("batch_1");
      assert.deepEqual([read?.outputFileId, read?.errorFileId], ["file_o", undefined]);
      assert.deepEqual(read?.counts, { total: 5, completed: 3, failed: 1 });
      assert.equal(read?.expiresAt?.toISOString(), "2026-05-28T20:26:40.000Z");
      assert.deepEqual(read?.errors, [{ code: "invalid_json_line", line: 3 }, {
        code: "unknown",
        line: undefined,
      }]);
    });
  }
});

Deno.test("a status that nobody knows is said, and what could be a post is not", async () => {
  for (const [status, said] of [["paused", /"paused"/], [TEXT, /unreadable/]] as const) {
    await answered(() => Response.json(batch({ status })), async (api) => {
      const error = await problemOf(api.retrieveBatch("batch_1"));
      assert.equal(error.problem, "fatal");
      assert.match(error.message, said);
    });
  }
});

Deno.test("a batch or file that is gone is told from an address that is wrong", async () => {
  await answered(() => gone("batch with id 'batch_1'"), async (api) => {
    assert.equal(await api.retrieveBatch("batch_1"), undefined);
  });
  await answered(() => gone("file with id 'file_1'"), async (api) => {
    await api.deleteFile("file_1");
    assert.equal((await problemOf(collect(api.downloadLines("file_1")))).problem, "fatal");
  });
  const others = [
    () => new Response("<html>", { status: 404 }),
    () => Response.json({ detail: "Not Found" }, { status: 404 }),
    () =>
      Response.json({
        error: { message: "Unknown request URL: GET /v1/batch", code: "unknown_url" },
      }, { status: 404 }),
  ];
  for (const other of others) {
    await answered(other, async (api) => {
      assert.equal((await problemOf(api.retrieveBatch("batch_1"))).problem, "fatal");
      assert.equal((await problemOf(api.deleteFile("file_1"))).problem, "fatal");
    });
  }
});

Deno.test("what the Batch API refuses is fatal: no single post is at fault", async () => {
  await answered(
    () => Response.json({ error: { message: TEXT, param: "input_file_id" } }, { status: 400 }),
    async (api) => {
      const error = await problemOf(api.createBatch("file_1", "24h"));
      assert.deepEqual([error.problem, error.reason], ["fatal", null]);
      assert.match(error.message, /Batch API.*HTTP 400/);
    },
  );
});

Deno.test("lines come whole wherever the network cuts them, without those that are empty", async () => {
  const text = '{"a":"é👩🏽‍🚀"}\n\n{"b":2}\r\n{"c":3}';
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const body = () =>
      new ReadableStream({
        start(stream) {
          for (let at = 0; at < bytes.length; at += size) {
            stream.enqueue(bytes.slice(at, at + size));
          }
          stream.close();
        },
      });
    await answered(({ url }) => {
      assert.equal(new URL(url).pathname, "/v1/files/file_1/content");
      return new Response(body());
    }, async (api) => {
      const lines = await collect(api.downloadLines("file_1", never));
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

Deno.test("orphaned uploads are found by their name", async () => {
  const data = [{ id: "file_1", filename: "job.jsonl" }, { id: "file_2", filename: "other" }, null];
  await answered(() => Response.json({ data }), async (api) => {
    assert.deepEqual(await api.findFiles("job.jsonl"), ["file_1"]);
  });
});

Deno.test("lines of a batch are answers, or refusals as live requests have them", () => {
  const read = (line: unknown) => readBatchLine(JSON.stringify(line), "api.groq.com", MODEL);
  const response = (status_code: number, body: unknown) => ({ status_code, request_id: "r", body });
  const answer = JSON.parse(completed);
  const good = read({ id: "b", custom_id: "7", response: response(200, answer), error: null });
  assert.deepEqual([good?.customId, good?.problem], ["7", undefined]);
  assert.deepEqual(JSON.parse(good!.body!), answer);

  const ofModel = { message: "gone", code: "model_decommissioned" };
  const cases: [unknown, string, string | null][] = [
    [{ response: response(400, { error: ofModel }), error: null }, "fatal", null],
    [{ response: null, error: ofModel }, "fatal", null],
    [{ response: null, error: { code: "batch_expired", message: TEXT } }, "passing", "unavailable"],
    [{ response: null, error: null }, "passing", "unavailable"],
    [{ response: response(503, null), error: null }, "passing", "unavailable"],
    [{ response: response(400, { error: { message: TEXT } }) }, "rejected", "rejected"],
    [
      {
        response: response(400, null),
        error: { object: "error", message: "maximum context length is 9", code: 400 },
      },
      "rejected",
      "too_long",
    ],
    [
      {
        response: response(400, null),
        error: { error: { message: "maximum context length is 9", code: 400 } },
      },
      "rejected",
      "too_long",
    ],
  ];
  for (const [line, problem, reason] of cases) {
    const { body, problem: error } = read({ id: "b", custom_id: "7", ...line as object })!;
    const what = JSON.stringify(line);
    assert.deepEqual([body, error?.problem, error?.reason], [undefined, problem, reason], what);
    assert.ok(!error!.message.includes(TEXT));
  }
  for (const text of ["", "{", "null", "[]", '{"custom_id":5}', '{"id":"b"}']) {
    assert.equal(readBatchLine(text, "h", MODEL), undefined);
  }
});
