/** What becomes of a run whose model is not there, or no longer. */
import assert from "node:assert/strict";
import { checkServedModel } from "../../../classifiers/chat/model_check.ts";
import { Groq } from "../../../classifiers/clients/groq.ts";
import { UserError } from "../../../etl/run/error.ts";
import { ModelPrices } from "../../../etl/study/study.ts";
import { query, withData } from "../../rows.ts";
import { numberedPosts, writeDays } from "../perspective_run.ts";
import { label, MODEL, withLabeller, writeStudy } from "./anchor_run.ts";
import { withQuickPauses } from "../../quick_pauses.ts";

const LABELS = "read_parquet('{data}/labels/sociopolitical/*/*.parquet')";
const DAY = "2026-06-03";

/** Check a model at a server that answers `GET /models` in some way. */
async function check(
  answer: () => Response,
  { model = MODEL, isOwn }: { model?: string; isOwn: boolean },
): Promise<string[]> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  const baseUrl = `http://127.0.0.1:${server.addr.port}/v1`;
  const warnings: string[] = [];
  try {
    await checkServedModel(new Groq({ key: "a-key-of-nobody", baseUrl }), {
      model,
      prices: ModelPrices.parse({ [MODEL]: { input: 0.075, output: 0.3 } }),
      task: "classify:sociopolitical",
      where: "study.yaml (classifiers.sociopolitical)",
      isOwn,
      warn: (text) => warnings.push(text),
      signal: new AbortController().signal,
    });
  } finally {
    await server.shutdown();
  }
  return warnings;
}

Deno.test("one's own server that lists no models is believed with a warning, and Groq is not", async () => {
  const unlisted = [
    () => new Response("File Not Found", { status: 404 }),
    () => Response.json({ error: { message: "not allowed" } }, { status: 405 }),
    () => new Response("<html>welcome</html>"),
    () => Response.json({ models: [] }),
  ];
  for (const answer of unlisted) {
    const [warning, second] = await check(answer, { isOwn: true });
    assert.match(
      warning!,
      /^127\.0\.0\.1:\d+ does not say which models it has: it is unknown whether it has openai/,
    );
    assert.equal(second, undefined);
    await assert.rejects(
      check(answer, { isOwn: false }),
      (error) => error instanceof UserError && error.exitCode === 1 && /list/.test(error.found),
    );
  }
});

Deno.test("a server that does not answer, or not this account, is an error whosever it is", async () => {
  const refusals = [
    () => Response.json({ error: { message: "Invalid API Key" } }, { status: 401 }),
    () => new Response("busy", { status: 503 }),
  ];
  for (const answer of refusals) {
    for (const isOwn of [true, false]) {
      await assert.rejects(withQuickPauses(() => check(answer, { isOwn })), (error) => {
        assert.ok(error instanceof UserError && error.exitCode === 1);
        assert.match(error.message, /does not list its models: .*\(HTTP (401|503)/);
        assert.doesNotMatch(error.format(), /a-key-of-nobody/);
        return true;
      });
    }
  }
});

Deno.test("a model is found by the name that it is listed under, and by Ollama's short one", async () => {
  const list = () => Response.json({ data: [{ id: "llama3:latest" }, null] });
  for (const model of ["llama3", "llama3:latest"]) {
    assert.deepEqual(await check(list, { model, isOwn: true }), []);
  }
  for (const model of ["llama", "llama3:8b"]) {
    await assert.rejects(
      check(list, { model, isOwn: true }),
      (error) => error instanceof UserError && error.exitCode === 2 && /latest/.test(error.remedy),
    );
  }
});

Deno.test("a model that is not there costs nothing, and the error lists those that are with prices", () =>
  withData((data) =>
    withLabeller({}, async ({ server, ...labeller }) => {
      await writeDays(data, numberedPosts(2));
      await writeStudy(data, { model: "llama-3.3-70b-versatile" });
      const { code, stderr } = await label(data, { server, ...labeller }, DAY);
      assert.equal(code, 2);
      assert.match(stderr, /has no model "llama-3\.3-70b-versatile"/);
      assert.match(stderr, /it has .*openai\/gpt-oss-20b \(\$0\.075 in, \$0\.3 out\)/);
      assert.match(stderr, /qwen\/qwen3\.6-27b \(no price in the study\)/);
      assert.equal(server.record.arrivals.length, 0);
    })
  ));

// Invariant 3
Deno.test("a model that is retired in the middle ends the run at once, and all that was paid for lands", async () => {
  for (const as of ["decommissioned", "gone"] as const) {
    await withData((data) =>
      withLabeller({ latencyMs: 5 }, async (labeller) => {
        await writeDays(data, numberedPosts(60));
        await writeStudy(data);
        labeller.onAnswer = (count) => {
          if (count === 9) labeller.server.retire(MODEL, as);
        };
        const { code, stderr, summary } = await label(data, labeller, DAY);
        const { record } = labeller.server;
        const paid = record.statuses.get(200)!;
        assert.equal(code, 1, stderr);
        assert.match(stderr, /no longer has openai\/gpt-oss-20b \(HTTP 40\d, model_\w+\)/);
        assert.match(stderr, /name another in study\.yaml[^]*are kept/);
        assert.ok(paid >= 10 && record.arrivals.length < 30, `${record.arrivals.length}`);
        assert.deepEqual([summary.labelled, summary.pending, summary.failed], [
          paid,
          60 - paid,
          {},
        ]);
        const landed = await query(
          data,
          `SELECT count(*) AS n, bool_and(
          was_successfully_labeled) AS are_labels FROM ${LABELS}`,
        );
        assert.deepEqual(landed, [{ n: paid, are_labels: true }]);
      })
    );
  }
});

Deno.test("one's own server is asked by an alias, and one that lists no models too", () =>
  withData((data) =>
    withLabeller({
      path: "/v1",
      models: [{
        id: "llama3:latest",
        owned_by: "library",
        context_window: 8192,
        max_completion_tokens: 8192,
        schema: "strict",
        efforts: ["low"],
      }],
    }, async (labeller) => {
      await writeDays(data, numberedPosts(2));
      await writeStudy(data, { model: "llama3" });
      const first = await label(data, labeller, DAY, ["--limit", "1"]);
      assert.deepEqual([first.code, first.summary.labelled], [4, 1], first.stderr);
      const { url } = labeller;
      const front = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {} },
        async (request) => {
          const { pathname } = new URL(request.url);
          if (pathname === "/v1/models") return new Response("File Not Found", { status: 404 });
          const body = await request.text();
          return await fetch(`${url}${pathname.slice(3)}`, {
            method: request.method,
            headers: { "content-type": "application/json" },
            body,
          });
        },
      );
      labeller.url = `http://127.0.0.1:${front.addr.port}/v1`;
      const second = await label(data, labeller, DAY);
      await front.shutdown();
      assert.deepEqual([second.code, second.summary.labelled], [0, 1], second.stderr);
      assert.match(
        second.summary.warnings[0],
        /does not say which models it has: it is unknown whether it has llama3/,
      );
    })
  ));
