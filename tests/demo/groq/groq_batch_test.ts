import assert from "node:assert/strict";
import { toFile } from "groq-sdk";
import { NO_LABEL } from "../../../demo/groq/chat_fault.ts";
import { begin, errorOf, line, results, upload, withGroq } from "./groq_server.ts";

const IDS = Array.from({ length: 20 }, (_, at) => `p${at}`);
const LINES = IDS.map((id) => line(id));
const custom = (lines: { custom_id: string }[]) => lines.map(({ custom_id }) => custom_id);

Deno.test("a batch goes from validating to completed, and its results come in an order of their own", async () => {
  await withGroq({}, async (server, client) => {
    const file = await upload(client, LINES);
    const begun = await begin(client, file);
    assert.equal(begun.status, "validating");
    assert.equal(begun.input_file_id, file);
    assert.equal(begun.expires_at! - begun.created_at, 86_400);
    const statuses: string[] = [];
    let batch;
    do {
      batch = await client.batches.retrieve(begun.id);
      statuses.push(batch.status);
      if (batch.status !== "completed") assert.equal(batch.output_file_id, null);
    } while (batch.status !== "completed");
    assert.deepEqual(statuses, ["in_progress", "finalizing", "completed"]);
    assert.deepEqual(batch.request_counts, { total: 20, completed: 20, failed: 0 });
    assert.equal(batch.error_file_id, null);
    const lines = await results(client, batch.output_file_id);
    assert.deepEqual(custom(lines).toSorted(), IDS.toSorted());
    assert.notDeepEqual(custom(lines), IDS);
    for (const { custom_id, error, response } of lines) {
      assert.deepEqual([error, response.status_code], [null, 200]);
      assert.equal(JSON.parse(response.body.choices[0].message.content).id, custom_id);
    }
    assert.deepEqual(server.record.arrivals, []);
    assert.equal(server.record.paid.batch.requests, 20);
    assert.equal(server.record.paid.live.requests, 0);
    // The same file may be sent twice: it is paid twice.
    const again = await begin(client, file);
    for (let polls = 0; polls < 3; polls++) await client.batches.retrieve(again.id);
    assert.deepEqual(new Set(server.record.answered.values()), new Set([2]));
  });
});

Deno.test("a batch goes on by the clock where that is wanted", async () => {
  const time = { at: 1_800_000_000_000 };
  await withGroq({ now: () => time.at, batchStep: { ms: 1000 } }, async (_, client) => {
    const { id } = await begin(client, await upload(client, LINES.slice(0, 2)));
    const status = async () => (await client.batches.retrieve(id)).status;
    assert.deepEqual([await status(), await status()], ["validating", "validating"]);
    time.at += 1000;
    assert.equal(await status(), "in_progress");
    time.at += 2000;
    assert.equal(await status(), "completed");
  });
});

Deno.test("a batch whose file is bad fails with the line of each error, and nothing is paid", async () => {
  await withGroq({}, async (server, client) => {
    const lines = [
      line("a"),
      "{",
      line("a"),
      line("b", { url: "/openai/v1/chat/completions" }),
      line("", {}),
      { ...line("c"), extra: 1 },
    ];
    const { id } = await begin(client, await upload(client, lines));
    const batch = await client.batches.retrieve(id);
    assert.equal(batch.status, "failed");
    assert.ok(batch.failed_at! > 0);
    const errors = batch.errors as unknown as { code: string; line: number }[];
    assert.deepEqual(errors.map(({ code, line }) => [line, code]), [
      [2, "invalid_json_line"],
      [3, "duplicate_custom_id"],
      [4, "url_mismatch"],
      [5, "invalid_request"],
      [6, "invalid_request"],
    ]);
    assert.equal((await client.batches.retrieve(id)).status, "failed");
    const empty = await begin(client, await upload(client, [""]));
    assert.equal((await client.batches.retrieve(empty.id)).status, "failed");
    assert.equal(server.record.paid.batch.requests, 0);
  });
});

Deno.test("requests that cannot be answered stand in the error file, with their status", async () => {
  let asked = 0;
  const faults = () => ({ 2: "unavailable", 3: "wrong_label" } as const)[++asked];
  await withGroq({ faults }, async (_, client) => {
    const lines = [
      ...LINES.slice(0, 4),
      line("old", { body: { ...line("old").body, model: "llama-3.1-8b-instant" } }),
      line("get", { method: "GET" }),
    ];
    const { id } = await begin(client, await upload(client, lines));
    for (let polls = 0; polls < 2; polls++) await client.batches.retrieve(id);
    const batch = await client.batches.retrieve(id);
    assert.deepEqual(batch.request_counts, { total: 6, completed: 3, failed: 3 });
    const errors = await results(client, batch.error_file_id);
    const reasons = errors.map(({ response, error }) => error?.code ?? response.status_code);
    assert.deepEqual(reasons.toSorted(), [400, 503, "invalid_method"]);
    const old = errors.find(({ custom_id }) => custom_id === "old").response.body.error;
    assert.equal(old.code, "model_decommissioned");
    assert.deepEqual((batch.errors as unknown as { line: number }[]).map(({ line }) => line), [6]);
    const output = await results(client, batch.output_file_id);
    const labels = output.map(({ response }) => response.body.choices[0].message.content);
    assert.equal(labels.filter((label) => label.includes(NO_LABEL)).length, 1);
  });
});

Deno.test("a batch that expires lands what is done, and says of the rest that it is not", async () => {
  await withGroq({}, async (server, client) => {
    server.expireBatches(0.5);
    const { id } = await begin(client, await upload(client, LINES));
    await client.batches.retrieve(id);
    const batch = await client.batches.retrieve(id);
    assert.equal(batch.status, "expired");
    assert.deepEqual(batch.request_counts, { total: 20, completed: 10, failed: 10 });
    const done = custom(await results(client, batch.output_file_id));
    const left = await results(client, batch.error_file_id);
    assert.deepEqual([...done, ...custom(left)].toSorted(), IDS.toSorted());
    assert.ok(
      left.every(({ error, response }) => error.code === "batch_expired" && response === null),
    );
    assert.equal(server.record.paid.batch.requests, 10);
    server.expireBatches(1);
    const { id: next } = await begin(client, await upload(client, LINES.slice(0, 1)));
    for (let polls = 0; polls < 2; polls++) await client.batches.retrieve(next);
    assert.equal((await client.batches.retrieve(next)).status, "completed");
    server.expireBatches(0);
    const { id: none } = await begin(client, await upload(client, LINES.slice(0, 1)));
    await client.batches.retrieve(none);
    assert.equal((await client.batches.retrieve(none)).output_file_id, null);
  });
});

Deno.test("a batch is cancelled before it begins, in the middle, but not when it is over", async () => {
  await withGroq({}, async (server, client) => {
    const cancel = async (polls: number) => {
      const { id } = await begin(client, await upload(client, LINES));
      for (let poll = 0; poll < polls; poll++) await client.batches.retrieve(id);
      assert.equal((await client.batches.cancel(id)).status, "cancelling");
      return await client.batches.retrieve(id);
    };
    const early = await cancel(0);
    assert.deepEqual([early.status, early.output_file_id], ["cancelled", null]);
    assert.equal((await results(client, early.error_file_id)).length, 20);
    const middle = await cancel(1);
    assert.equal(middle.status, "cancelled");
    assert.equal((await results(client, middle.output_file_id)).length, 10);
    assert.equal((await results(client, (await cancel(2)).output_file_id)).length, 20);
    assert.equal((await errorOf(client.batches.cancel(middle.id))).status, 400);
    assert.equal(server.record.paid.batch.requests, 30);
  });
});

Deno.test("batches are listed in pages, newest first, and found by their ids", async () => {
  await withGroq({}, async (_, client) => {
    const file = await upload(client, LINES.slice(0, 1));
    const ids: string[] = [];
    for (let at = 0; at < 45; at++) ids.push((await begin(client, file)).id);
    const found: string[] = [];
    let cursor: string | undefined;
    const sizes: number[] = [];
    do {
      const page = await client.batches.list({ query: { cursor } }) as unknown as {
        data: { id: string; status: string; input_file_id: string }[];
        paging: { next_cursor: string | null };
      };
      assert.ok(page.data.every(({ status }) => status === "validating"), "no step");
      assert.ok(page.data.every(({ input_file_id }) => input_file_id === file));
      found.push(...page.data.map(({ id }) => id));
      sizes.push(page.data.length);
      cursor = page.paging.next_cursor ?? undefined;
    } while (cursor !== undefined);
    assert.deepEqual(sizes, [20, 20, 5]);
    assert.deepEqual(found, ids.toReversed());
    const two = await client.batches.list({ query: { id: ids[1] } });
    assert.deepEqual(two.data.map(({ id, status }) => [id, status]), [[ids[1], "in_progress"]]);
  });
});

Deno.test("files are kept, listed and deleted, and what is no batch file is refused", async () => {
  await withGroq({}, async (_, client) => {
    const id = await upload(client, LINES.slice(0, 2));
    const info = await client.files.info(id);
    const text = await (await client.files.content(id)).text();
    assert.deepEqual([info.purpose, info.bytes], ["batch", new TextEncoder().encode(text).length]);
    assert.deepEqual((await client.files.list()).data.map((file) => file.id), [id]);
    assert.deepEqual(await client.files.delete(id), { id, object: "file", deleted: true });
    assert.equal((await errorOf(client.files.content(id))).status, 404);
    assert.equal((await errorOf(begin(client, id))).status, 404);
    assert.equal((await errorOf(client.batches.retrieve("batch_x"))).status, 404);
    const send = async (name: string, content: string) => {
      const file = await toFile(new TextEncoder().encode(content), name);
      return await errorOf(client.files.create({ file, purpose: "batch" }));
    };
    assert.match((await send("a.json", "{}")).message, /only .jsonl/);
    assert.match((await send("a.jsonl", "{}\n".repeat(50_001))).message, /50001 lines/);
    const purpose = "fine-tune" as "batch";
    const file = await toFile(new TextEncoder().encode("{}"), "a.jsonl");
    assert.match((await errorOf(client.files.create({ file, purpose }))).message, /purpose/);
    const good = await upload(client, LINES.slice(0, 1));
    const body = { input_file_id: good, endpoint: "/v1/chat/completions" as const };
    for (const completion_window of ["1h", "8d", "soon"]) {
      const error = await errorOf(client.batches.create({ ...body, completion_window }));
      assert.match(error.message, /between 24h and 7d/);
    }
    const elsewhere = "/openai/v1/chat/completions" as "/v1/chat/completions";
    const wrong = { ...body, endpoint: elsewhere, completion_window: "24h" };
    assert.match((await errorOf(client.batches.create(wrong))).message, /^'endpoint'/);
  });
});
