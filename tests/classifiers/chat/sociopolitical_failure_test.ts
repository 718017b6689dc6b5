import assert from "node:assert/strict";
import { readFence } from "../../../classifiers/prompt/material.ts";
import { CHAT_FAULTS, type ChatFault } from "../../../demo/groq/chat_fault.ts";
import { userMessage } from "../../../demo/groq/chat_request.ts";
import { withData } from "../../rows.ts";
import { withServer } from "../clients/odd_server.ts";
import {
  coder,
  KEY,
  label,
  labels,
  mixedUp,
  numberedPosts,
  outcomes,
  type TestPost,
  textOf,
  withGroq,
  writeDays,
  writeStudy,
} from "./chat_run.ts";

/** Faults that no answer about one post shows, as it has no id. */
const OF_IDS: ChatFault[] = ["missing_id", "shuffled_ids", "duplicate_id"];
const REASONS: Partial<Record<ChatFault, string>> = {
  flex_capacity: "unavailable",
  internal: "unavailable",
  bad_gateway: "unavailable",
  unavailable: "unavailable",
  reset: "unavailable",
  broken_body: "invalid_answer",
  prose: "invalid_answer",
  broken_json: "invalid_answer",
  unknown_id: "invalid_answer",
  wrong_label: "invalid_answer",
  extra_field: "invalid_answer",
  refusal: "refused",
};

// Invariant 7
Deno.test("each fault of the service costs a try or is the reason of its own post, and nothing is dropped", () =>
  withData((data) => {
    const asked = new Map<string, number>();
    const faults = (request: Parameters<typeof userMessage>[0]) => {
      const { text } = readFence(userMessage(request))[0]!;
      asked.set(text, (asked.get(text) ?? 0) + 1);
      const [fault, often] = text.split(" ");
      const isFaulty = often === "always" || (often === "once" && asked.get(text) === 1);
      return isFaulty ? fault as ChatFault : undefined;
    };
    const once = CHAT_FAULTS.filter((fault) => fault !== "refusal").map((fault) => `${fault} once`);
    const always = CHAT_FAULTS.filter((fault) => fault !== "silent").map((fault) =>
      `${fault} always`
    );
    const posts: TestPost[] = [
      ...[...once, ...always].map((text) => ({ name: text.replace(" ", "-"), text })),
      ...numberedPosts(30),
    ];
    return withGroq({ faults }, async (server) => {
      await writeDays(data, posts);
      await writeStudy(data, { timeout_seconds: 3 });
      // In real time: quick pauses bring the faults of all posts together, and then the run stops.
      const { code, stderr, summary } = await label(data, server, [], {}, "sociopolitical", false);
      assert.equal(code, 0, stderr);
      const rows = await labels(data);
      assert.deepEqual([rows.length, mixedUp(rows, posts)], [posts.length, []]);
      for (const { name, reason } of rows) {
        const [fault, often] = name.split("-") as [ChatFault, string?];
        const isSpared = often === undefined || OF_IDS.includes(fault) ||
          often === "once";
        assert.equal(reason, isSpared ? null : REASONS[fault], `${name}: ${stderr}`);
      }
      assert.equal(asked.get("refusal always"), 1);
      assert.equal(asked.get("prose always"), 5);
      assert.equal(summary.pending, 11, "what passes is pending");
    });
  }));

// Invariant 3
Deno.test("an answer that is cut short is asked for with room for more, and where all are, the run ends", async () => {
  await Promise.all([["medium", { labelled: 4 }, 3], ["high", { unavailable: 3 }, 4]].map(
    ([effort, expected, most]) =>
      withData((data) =>
        withGroq({}, async (server) => {
          await writeDays(data, numberedPosts(4));
          await writeStudy(data, { reasoning_effort: effort, completion_tokens: 64 });
          const { code, stderr, summary } = await label(data, server);
          const pending = effort === "high" ? 4 : 0;
          assert.equal(code, pending === 0 ? 0 : 1, stderr);
          if (code === 1) assert.match(stderr, /3 posts got an answer that is cut short/);
          assert.deepEqual([outcomes(await labels(data)), summary.pending], [expected, pending]);
          const caps = new Map<string, number[]>();
          for (const request of server.record.requests) {
            const user = userMessage(request);
            caps.set(user, [...caps.get(user) ?? [], request.max_completion_tokens!]);
          }
          for (const ofPost of caps.values()) {
            assert.deepEqual(ofPost, [64, 128, 256, 512].slice(0, ofPost.length));
            assert.ok(ofPost.length > 1 && ofPost.length <= Number(most));
          }
          assert.ok(summary.cost > 0);
        })
      ),
  ));
});

// Invariant 7
Deno.test("a server that is too small for every request ends the run, and is asked again once it is mended", () =>
  withData((data) =>
    withGroq({}, async (groq) => {
      let isSmall = true;
      let refused = 0;
      const answer = async (request: Request, body: string) => {
        const { pathname } = new URL(request.url);
        if (isSmall && pathname.endsWith("/chat/completions")) {
          refused++;
          const message = "This model's maximum context length is 256 tokens";
          return Response.json({ error: { message, code: "context_length_exceeded" } }, {
            status: 400,
          });
        }
        const { method, headers } = request;
        return await fetch(groq.url + pathname, { method, headers, ...body ? { body } : {} });
      };
      await withServer(answer, async (rootUrl) => {
        await writeDays(data, numberedPosts(40));
        await writeStudy(data);
        const small = await label(data, { url: rootUrl.replace(/\/$/, "") });
        assert.equal(small.code, 1, small.stderr);
        assert.match(small.stderr, /10 posts are longer than the server takes/);
        assert.match(small.stderr, /\n {2}Give the model server a larger context/);
        assert.deepEqual([refused, small.summary.pending], [10, 40]);
        isSmall = false;
        const mended = await label(data, { url: rootUrl.replace(/\/$/, "") });
        assert.equal(mended.code, 0, mended.stderr);
        assert.deepEqual(outcomes(await labels(data)), { labelled: 40 });
      });
    })
  ));

Deno.test("a server that cuts prompts in silence is warned of, and its rows say what it counted", () =>
  withData((data) =>
    withGroq({}, async (groq) => {
      const answer = async (request: Request, body: string) => {
        const { method, headers } = request;
        const { pathname } = new URL(request.url);
        const answered = await fetch(groq.url + pathname, {
          method,
          headers,
          ...body ? { body } : {},
        });
        if (!pathname.endsWith("/chat/completions")) return answered;
        const completion = await answered.json();
        completion.usage.prompt_tokens = 256;
        return Response.json(completion);
      };
      await withServer(answer, async (rootUrl) => {
        await writeDays(data, numberedPosts(5));
        await writeStudy(data);
        const url = rootUrl.replace(/\/$/, "");
        const { code, stderr, summary } = await label(data, { url });
        assert.equal(code, 0, stderr);
        assert.match(stderr, /for 5 of 5 requests the server counts less than a third/);
        assert.equal(summary.cut_prompts, 5);
        assert.ok((await labels(data)).every(({ tokens_prompt }) => tokens_prompt === 256));
      });
    })
  ));

Deno.test("without a key, with a wrong one, or at a wrong address no post is asked about, and it is said why", () =>
  withData((data) =>
    withGroq({}, async (server) => {
      await writeDays(data, numberedPosts(20));
      await writeStudy(data);
      const none = await label(data, server, [], { GROQ_API_KEY: "", GROQ_BASE_URL: "" });
      assert.equal(none.code, 2);
      assert.match(none.stderr, /^Cannot .*GROQ_API_KEY is not set\n.*\.env.*GROQ_BASE_URL/m);
      const wrong = await label(data, server, [], { GROQ_API_KEY: "gsk_another" });
      const lost = await label(data, server, [], { GROQ_BASE_URL: server.url });
      await withServer(
        () => new Response(null, { status: 302, headers: { location: `${server.url}/openai/v1` } }),
        async (url) => {
          const sent = await label(data, server, [], { GROQ_BASE_URL: url });
          for (const { code, stderr } of [wrong, lost, sent]) {
            assert.equal(code, 1, stderr);
            assert.match(
              stderr,
              /^Cannot run classify:sociopolitical: .*(GROQ_API_KEY|GROQ_BASE_URL)/m,
            );
            assert.doesNotMatch(stderr, /gsk_|^\s+at /m);
          }
        },
      );
      await writeStudy(data, { model: "openai/gpt-oss-999b", budget: undefined });
      const model = await label(data, server);
      assert.equal(model.code, 2);
      assert.match(model.stderr, /no model "openai\/gpt-oss-999b"\n.*gpt-oss-20b \(\$0\.075 in/);
      assert.deepEqual(server.record.arrivals, []);
    })
  ));

Deno.test("a server of one's own needs no key, and its address may end in /v1 or not", () =>
  withData((data) =>
    withGroq({ path: "/v1" }, async (server) => {
      await writeDays(data, numberedPosts(2));
      await writeStudy(data);
      for (const [limit, address] of [[1, server.url], [2, `${server.url}/v1/`]] as const) {
        const env = { GROQ_API_KEY: "", GROQ_BASE_URL: address };
        const { stderr } = await label(data, server, ["--limit", "1"], env);
        assert.equal((await labels(data)).length, limit, stderr);
      }
    })
  ));

Deno.test("a model that is retired in the middle ends the run at once, with what was answered landed", () =>
  withData(async (data) => {
    let answers = 0;
    await withGroq({
      answer: (request) => {
        if (++answers === 5) queueMicrotask(() => server.retire(request.model, "decommissioned"));
        return coder(readFence(userMessage(request))[0]!, ["is_sociopolitical", "lean"]);
      },
    }, async (started) => {
      server = started;
      await writeDays(data, numberedPosts(200));
      await writeStudy(data, { quota: { requests_per_minute: 600 } });
      const { code, stderr } = await label(data, started);
      assert.equal(code, 1);
      assert.match(stderr, /retired model.*openai\/gpt-oss-20b/);
      assert.equal(outcomes(await labels(data)).labelled, started.record.paid.live.requests);
      assert.ok(started.record.arrivals.length < 100, "it went on asking");
      assert.ok(!stderr.includes(KEY) && !stderr.includes(textOf({ name: "p0" })), stderr);
    });
  }));
let server: { retire(model: string, as: "decommissioned"): void };
