/** The client against a server that checks requests as Groq does. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type ChatRequest, Groq } from "../../../classifiers/clients/groq.ts";
import { readChatAnswer } from "../../../classifiers/clients/groq_answer.ts";
import { type Batch, GroqBatch } from "../../../classifiers/clients/groq_batch.ts";
import { readBatchLine } from "../../../classifiers/clients/groq_batch_line.ts";
import { checkModel } from "../../../classifiers/chat/model_price.ts";
import { type GroqOptions, type LoopbackGroq, startGroq } from "../../../demo/groq/groq.ts";
import { FREE } from "../../../demo/groq/rate_limit.ts";
import { UserError } from "../../../etl/run/error.ts";
import { withData } from "../../rows.ts";
import { MODEL, request } from "./chat.ts";
import { KEY, never, problemOf, TEXT } from "./secrets.ts";

const schema = {
  type: "object",
  properties: { is_sociopolitical: { type: "boolean" } },
  required: ["is_sociopolitical"],
  additionalProperties: false,
};
const strict: ChatRequest = {
  ...request,
  response_format: { type: "json_schema", json_schema: { name: "reply", strict: true, schema } },
};
const answer = () => ({ is_sociopolitical: true });

async function withGroq(
  options: GroqOptions,
  use: (groq: Groq, server: LoopbackGroq, baseUrl: string) => Promise<void>,
): Promise<void> {
  const server = await startGroq({ key: KEY, answer, ...options });
  const baseUrl = `${server.url}${options.path ?? "/openai/v1"}`;
  try {
    await use(new Groq({ key: KEY, baseUrl, timeoutMs: 2000 }), server, baseUrl);
  } finally {
    await server.close();
  }
}

Deno.test("a strict request is answered, with usage and with what remains of the limits", async () => {
  await withGroq({}, async (groq) => {
    const { body, headers } = await groq.chat(strict, never);
    const read = readChatAnswer(body);
    assert.deepEqual(JSON.parse(read.content!), answer());
    assert.deepEqual([read.finish_reason, read.model_served], ["stop", MODEL]);
    assert.ok(read.tokens_prompt! > 10 && read.tokens_completion! > 0);
    assert.equal(headers.get("x-ratelimit-limit-tokens"), "250000");
  });
});

Deno.test("a server of one's own at /v1 is asked without key, its base URL with or without it", async () => {
  await withGroq({ path: "/v1" }, async (_, server) => {
    for (const baseUrl of [server.url, `${server.url}/`, `${server.url}/v1`]) {
      const own = new Groq({ key: undefined, baseUrl });
      readChatAnswer((await own.chat(strict, never)).body);
      assert.ok((await own.models()).some(({ id }) => id === MODEL));
    }
  });
});

Deno.test("models are listed, and one that is not there is an error that names those that are", async () => {
  await withGroq({}, async (groq, server) => {
    const about = { task: "classify:sociopolitical", host: groq.host, where: "study.yaml" };
    const prices = { [MODEL]: { input: 0.075, output: 0.3, batch: 0.5 } };
    const models = await groq.models();
    assert.ok(models.every(({ context_window }) => context_window! > 100_000));
    checkModel(MODEL, models, prices, about);
    server.retire("openai/gpt-oss-120b", "gone");
    assert.throws(
      () => checkModel("openai/gpt-oss-120b", models.slice(0, 1), prices, about),
      (error) => error instanceof UserError && /\$0\.075 in/.test(error.remedy),
    );
    assert.ok(!(await groq.models()).some(({ id }) => id === "openai/gpt-oss-120b"));
  });
});

Deno.test("a model that is retired in the middle stops the run at once, by 400 and by 404", async () => {
  for (const as of ["decommissioned", "gone"] as const) {
    await withGroq({}, async (groq, server) => {
      await groq.chat(strict, never);
      server.retire(MODEL, as);
      const error = await problemOf(groq.chat(strict, never));
      assert.deepEqual([error.problem, error.reason], ["fatal", null]);
      assert.match(error.message, /retired model.*openai\/gpt-oss-20b/);
    });
  }
});

Deno.test("limits are told apart: a minute's is waited for, a day's is not, and some never fit", async () => {
  await withGroq({ limits: FREE, latencyMs: 50 }, async (groq) => {
    // What an answer did not use is given back: the second has to ask while the first waits.
    const big = { ...strict, max_completion_tokens: 7000 };
    const first = groq.chat(big, never);
    const minute = await problemOf(Promise.all([first, groq.chat(big, never)]));
    await first;
    assert.deepEqual([minute.problem, minute.reason], ["rate_limited", "rate_limited"]);
    assert.ok(minute.retryAfterMs! >= 1000 && minute.retryAfterMs! <= 60_000);
    const never_ = await problemOf(groq.chat({ ...strict, max_completion_tokens: 9000 }, never));
    assert.deepEqual([never_.problem, never_.reason], ["passing", "rate_limited"]);
    assert.match(never_.message, /tokens.*minute/);
  });
  await withGroq({ limits: { ...FREE, requestsPerDay: 1 } }, async (groq) => {
    await groq.chat(strict, never);
    const day = await problemOf(groq.chat(strict, never));
    assert.equal(day.problem, "rate_limited");
    assert.ok(day.retryAfterMs! >= 3_600_000);
    assert.match(day.message, /today/);
  });
});

Deno.test("a request that Groq would refuse as it is set stops the run, and no post is blamed", async () => {
  await withGroq({}, async (groq, server) => {
    const unstrict = { ...schema, required: [] };
    const settings: Partial<ChatRequest>[] = [
      { model: "qwen/qwen3.6-27b", reasoning_effort: undefined },
      {
        response_format: {
          type: "json_schema",
          json_schema: { name: "reply", strict: true, schema: unstrict },
        },
      },
      { max_completion_tokens: 100_000 },
      { temperature: 3 },
    ];
    for (const setting of settings) {
      const error = await problemOf(groq.chat({ ...strict, ...setting }, never));
      assert.deepEqual([error.problem, error.reason], ["fatal", null], JSON.stringify(setting));
    }
    const key = new Groq({ key: "gsk_other", baseUrl: `${server.url}/openai/v1` });
    assert.match((await problemOf(key.chat(strict, never))).message, /GROQ_API_KEY/);
    const path = new Groq({ key: KEY, baseUrl: `${server.url}/v2` });
    assert.match((await problemOf(path.chat(strict, never))).message, /GROQ_BASE_URL/);
  });
});

Deno.test("what goes wrong on the way passes", async () => {
  const faults = {
    flex_capacity: "unavailable",
    internal: "unavailable",
    bad_gateway: "unavailable",
    unavailable: "unavailable",
    reset: "unavailable",
    silent: "timed_out",
  } as const;
  for (const [fault, reason] of Object.entries(faults)) {
    await withGroq({ faults: { [fault]: 1 } }, async (_, server) => {
      const groq = new Groq({ key: KEY, baseUrl: `${server.url}/openai/v1`, timeoutMs: 100 });

      const error = await problemOf(groq.chat(strict, never));
      assert.deepEqual([error.problem, error.reason], ["passing", reason], fault);
    });
  }
});

Deno.test("a batch is uploaded, found by its file, followed to its end, read and removed", async () => {
  await withGroq({}, async (_, server, baseUrl) => {
    const api = new GroqBatch({ key: KEY, baseUrl });
    await withData(async (folder) => {
      for (const share of [1, 0.5]) {
        server.expireBatches(share);
        const path = join(folder, `job-${share}.jsonl`);
        const line = (id: number) =>
          JSON.stringify({
            custom_id: `${id}`,
            method: "POST",
            url: "/v1/chat/completions",
            body: strict,
          });
        await Deno.writeTextFile(path, Array.from({ length: 20 }, (_, id) => line(id)).join("\n"));
        const file = await api.uploadBatchFile(path);
        assert.deepEqual(await api.findFiles(`job-${share}.jsonl`), [file]);
        assert.equal(await api.findBatchOfFile(file), undefined);
        const id = await api.createBatch(file, "24h");
        // Groq gives twenty batches a page.
        for (let other = 0; other < 25; other++) {
          await api.createBatch(await api.uploadBatchFile(path), "7d");
        }
        assert.equal(await api.findBatchOfFile(file), id);
        let batch: Batch | undefined;
        const seen = new Set<string>();
        for (let polls = 0; polls < 50; polls++) {
          batch = await api.retrieveBatch(id);
          seen.add(batch!.status);
          if (["completed", "expired"].includes(batch!.status)) break;
        }
        assert.equal(batch?.status, share === 1 ? "completed" : "expired");
        const counts = { total: 20, completed: 20 * share, failed: 20 - 20 * share };
        assert.deepEqual(batch?.counts, counts);
        const ids: string[] = [];
        for await (const text of api.downloadLines(batch!.outputFileId!)) {
          const read = readBatchLine(text, "loopback", MODEL)!;
          assert.deepEqual(JSON.parse(readChatAnswer(read.body!).content!), answer());
          ids.push(read.customId);
        }
        assert.equal(new Set(ids).size, 20 * share);
        for await (const text of batch!.errorFileId ? api.downloadLines(batch!.errorFileId) : []) {
          const read = readBatchLine(text, "loopback", MODEL)!;
          assert.equal(read.problem?.reason, "unavailable");
          ids.push(read.customId);
        }
        assert.equal(new Set(ids).size, 20);
        for (const gone of [file, batch!.outputFileId!, file]) await api.deleteFile(gone);
        assert.equal((await problemOf(api.createBatch(file, "24h"))).problem, "fatal");
      }
      assert.equal(await api.retrieveBatch("batch_none"), undefined);
    });
  });
});

Deno.test("a batch with a bad line says which and why in words that hold no post", async () => {
  await withGroq({}, async (_, __, baseUrl) => {
    const api = new GroqBatch({ key: KEY, baseUrl });
    await withData(async (folder) => {
      const path = join(folder, "job.jsonl");
      await Deno.writeTextFile(path, `{"custom_id":"${TEXT}"`);
      const id = await api.createBatch(await api.uploadBatchFile(path), "24h");
      let batch = await api.retrieveBatch(id);
      for (let polls = 0; batch?.status === "validating" && polls < 10; polls++) {
        batch = await api.retrieveBatch(id);
      }
      assert.equal(batch?.status, "failed");
      assert.equal(batch.errors[0]?.line, 1);
      assert.ok(!JSON.stringify(batch).includes(TEXT));
      assert.equal((await problemOf(api.createBatch("file_1", "1h"))).problem, "fatal");
    });
  });
});
