import assert from "node:assert/strict";
import { readChatReply } from "../../../classifiers/reply/chat_answer.ts";
import { isRefusal } from "../../../classifiers/reply/refusal.ts";
import { ServiceError } from "../../../etl/answers/service_error.ts";

function body(message: unknown, finish_reason: string | null = "stop", more = {}): string {
  return JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    model: "openai/gpt-oss-20b",
    system_fingerprint: "fp_1",
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    usage: { prompt_tokens: 900, completion_tokens: 47, total_tokens: 947 },
    x_groq: { id: "req_1" },
    ...more,
  });
}

Deno.test("an answer gives its content and where it comes from", () => {
  assert.deepEqual(
    readChatReply(body({ role: "assistant", content: ' {"a":1}\n', reasoning: "hm" })),
    {
      reply: { content: '{"a":1}' },
      finish_reason: "stop",
      tokens_prompt: 900,
      tokens_completion: 47,
      model_served: "openai/gpt-oss-20b",
      system_fingerprint: "fp_1",
    },
  );
});

Deno.test("servers that say less are understood", () => {
  const answer = readChatReply('{"choices":[{"message":{"content":"{}"}}]}');
  assert.deepEqual(answer, {
    reply: { content: "{}" },
    finish_reason: null,
    tokens_prompt: null,
    tokens_completion: null,
    model_served: null,
    system_fingerprint: null,
  });
});

Deno.test("a refusal, a cut and an empty answer are told apart, and what they cost is kept", () => {
  const cases: [string, string][] = [
    [body({ content: null, refusal: "I can't help with that." }), "refused"],
    [body({ content: "" }, "content_filter"), "refused"],
    [body({ content: "I'm sorry, but I can't help with that." }), "refused"],
    [body({ content: '{"is_socio' }, "length"), "cut_short"],
    [body({ content: "" }, "length"), "cut_short"],
    [body({ content: "" }), "invalid_answer"],
    [body({ content: null }), "invalid_answer"],
  ];
  for (const [answer, reason] of cases) {
    const { reply, tokens_completion } = readChatReply(answer);
    assert.deepEqual(reply, { reason });
    assert.equal(tokens_completion, 47);
  }
});

Deno.test("what is no chat completion is an invalid answer, of which nothing is quoted", () => {
  for (
    const text of ["", "secret", "{}", '{"choices":[]}', '{"error":{"message":"secret"}}', "[]"]
  ) {
    assert.throws(() => readChatReply(text), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.reason, "invalid_answer");
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
});

Deno.test("a model that declines is known by its first words, and only without an object", () => {
  for (
    const text of [
      "I cannot assist with this.",
      "I’m sorry, but I won’t do that.",
      "Sorry, I can't.",
      "As an AI, I do not judge.",
      "Unfortunately, I am unable to classify this.",
      "Es tut mir leid, das kann ich nicht.",
    ]
  ) assert.ok(isRefusal(text), text);
  for (
    const text of [
      "",
      "The post says: I cannot vote.",
      'I\'m sorry. {"lean":"left"}',
      "I think it is left.",
    ]
  ) assert.ok(!isRefusal(text), text);
});

Deno.test("an answer in parts, in a fence or behind the model's thoughts is read", () => {
  const contents = [
    '```json\n{"a":1}\n```',
    '<think>It says {"a":2}, hm.</think>\n\n{"a":1}',
    '<thinking>\nhm\n</thinking>\n```\n{"a":1}\n```\n',
    [{ type: "text", text: '{"a"' }, { type: "text", text: ":1}" }],
    [{ type: "reasoning", text: "hm" }, { type: "text", text: '{"a":1}' }],
  ];
  for (const content of contents) {
    assert.deepEqual(readChatReply(body({ content })).reply, { content: '{"a":1}' });
  }
  // Thoughts without an end are what was cut, or no answer that anybody can read.
  assert.deepEqual(readChatReply(body({ content: "<think>hm" }, "length")).reply, {
    reason: "cut_short",
  });
});
