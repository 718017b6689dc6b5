import assert from "node:assert/strict";
import { BATCH_STATUSES, GroqBatch } from "../../../classifiers/clients/groq_batch.ts";
import { type Handler, withServer } from "./odd_server.ts";
import { KEY, problemOf, TEXT } from "./secrets.ts";
import "../../common_environment.ts";

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
      assert.match(error.message, /gives an endless list/);
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

Deno.test("orphaned uploads are found by their name", async () => {
  const data = [{ id: "file_1", filename: "job.jsonl" }, { id: "file_2", filename: "other" }, null];
  await answered(() => Response.json({ data }), async (api) => {
    assert.deepEqual(await api.findFiles("job.jsonl"), ["file_1"]);
  });
});
