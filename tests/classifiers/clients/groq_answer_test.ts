import assert from "node:assert/strict";
import { readChatAnswer } from "../../../classifiers/clients/groq_answer.ts";
import { ServiceError } from "../../../etl/answers/service_error.ts";
import { completed, MODEL } from "./chat.ts";
import "../../common_environment.ts";

const choice = (message: unknown, finish_reason: unknown = "stop") => ({
  choices: [{ index: 0, message, finish_reason }],
});

Deno.test("Groq's answer is read with its tokens, those of the cache included", () => {
  assert.deepEqual(readChatAnswer(completed), {
    content: '{"is_sociopolitical":true}',
    refusal: null,
    finish_reason: "stop",
    model_served: MODEL,
    system_fingerprint: "fp_1",
    tokens_prompt: 560,
    tokens_completion: 47,
    tokens_cached: 512,
  });
});

Deno.test("vLLM's and Ollama's answers are read, and null is what they do not say", () => {
  const vllm = {
    id: "chatcmpl-2",
    model: "m",
    ...choice({ role: "assistant", content: "{}", refusal: null, tool_calls: [], reasoning: null }),
    service_tier: null,
    system_fingerprint: null,
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, prompt_tokens_details: null },
    kv_transfer_params: null,
  };
  const read = readChatAnswer(JSON.stringify(vllm));
  assert.deepEqual([read.tokens_prompt, read.tokens_completion, read.tokens_cached], [5, 2, null]);
  assert.deepEqual([read.refusal, read.system_fingerprint], [null, null]);
  const ollama = { ...vllm, system_fingerprint: "fp_ollama" };
  assert.equal(readChatAnswer(JSON.stringify(ollama)).system_fingerprint, "fp_ollama");
  for (
    const usage of [undefined, null, {}, "none", { prompt_tokens: -1, completion_tokens: 1.5 }]
  ) {
    const bare = readChatAnswer(JSON.stringify({ ...choice({ content: "{}" }), usage }));
    assert.deepEqual([bare.tokens_prompt, bare.tokens_completion], [null, null]);
    assert.deepEqual([bare.content, bare.model_served], ["{}", null]);
  }
});

Deno.test("a cut answer, a refusal and an answer that the cap left empty are told apart", () => {
  const read = (message: unknown, reason?: unknown) =>
    readChatAnswer(JSON.stringify(choice(message, reason)));
  const cut = read({ content: '{"is_soc' }, "length");
  assert.deepEqual([cut.content, cut.finish_reason], ['{"is_soc', "length"]);
  const refused = read({ content: null, refusal: "I can't." });
  assert.deepEqual([refused.content, refused.refusal], [null, "I can't."]);
  const thought = read({ role: "assistant", reasoning: "hm" }, "length");
  assert.deepEqual([thought.content, thought.refusal, thought.finish_reason], [
    null,
    null,
    "length",
  ]);
  assert.equal(read({ content: "" }, null).finish_reason, null);
});

Deno.test("what is no chat completion is an invalid answer, and none of it is quoted", () => {
  const bodies = [
    completed.slice(0, -20),
    "{}",
    "[]",
    "null",
    "",
    '{"error":{"message":"secret"}}',
    '{"choices":[]}',
    '{"choices":[{}]}',
    '{"choices":[{"message":{"content":["secret"]}}]}',
    '{"choices":[{"text":"secret"}]}',
    '{"choices":"secret',
  ];
  for (const body of bodies) {
    assert.throws(() => readChatAnswer(body), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.ok(!Deno.inspect(error).includes("secret"));
      return error.problem === "passing" && error.reason === "invalid_answer";
    }, body);
  }
});
