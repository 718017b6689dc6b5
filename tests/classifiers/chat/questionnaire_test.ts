import assert from "node:assert/strict";
import { codebookPath } from "../../../classifiers/codebooks/codebook_path.ts";
import { Questionnaire } from "../../../classifiers/chat/questionnaire.ts";
import { countTokens, loadTokens, requestTokens } from "../../../classifiers/prompt/token_count.ts";
import { readFence } from "../../../classifiers/prompt/material.ts";
import "../../common_environment.ts";

await loadTokens();

const path = (name: string) => codebookPath(name, "study.yaml");
const us = await Questionnaire.sociopolitical(path("us_politics"));
const de = await Questionnaire.sociopolitical(path("de_climate"));
const attributes = await Questionnaire.attributes(path("us_politics"));

Deno.test("a codebook and posts make the messages and the schema of a request", () => {
  const posts = [{ text: "one" }, {
    text: "two",
    context: [{ kind: "alt_text", text: "A cat" } as const],
  }];
  const { asked, contextKinds } = us.ask(posts, 100);
  assert.deepEqual(asked.messages.map(({ role }) => role), ["system", "user"]);
  assert.ok(asked.messages[0]!.content.startsWith(us.question.instructions));
  assert.deepEqual(readFence(asked.messages[1]!.content), [
    { id: "p1", text: "one" },
    { id: "p2", text: "two", context: [{ kind: "alt_text", text: "A cat" }] },
  ]);
  assert.deepEqual(contextKinds, [[], ["alt_text"]]);
  assert.match(JSON.stringify(asked.response_format), /"posts"/);
  assert.doesNotMatch(
    JSON.stringify(us.ask(posts.slice(0, 1), 100).asked.response_format),
    /"posts"/,
  );
});

Deno.test("its tokens are those of instructions, schema and posts, however often it is asked", () => {
  const model = "openai/gpt-oss-120b";
  for (
    const posts of [[{ text: "one" }], [{ text: "one" }, { text: "two" }], [{ text: "three" }]]
  ) {
    const { asked } = attributes.ask(posts, 100);
    const [system, user] = asked.messages.map(({ content }) => content);
    const fixed = countTokens(system!) + countTokens(JSON.stringify(asked.response_format));
    assert.equal(attributes.tokens(model, asked), requestTokens(model, fixed, user!));
  }
});

Deno.test("the prompt's hash differs by codebook, question and packing, and not by post", () => {
  const hashes = [us, de, attributes].flatMap((
    asks,
  ) => [asks.promptHash(false), asks.promptHash(true)]);
  assert.equal(new Set(hashes).size, 6);
  us.ask([{ text: "another" }], 300);
  assert.equal(us.promptHash(false), hashes[0]);
});

Deno.test("the columns of a codebook are those of its labels and of the model's answer", () => {
  assert.deepEqual(Object.keys(us.question.columns).slice(0, 3), [
    "is_sociopolitical",
    "lean",
    "reason_text",
  ]);
  assert.ok("score_toxic" in attributes.question.columns);
  for (const { question } of [us, de, attributes]) {
    assert.equal(question.columns.context_kinds, "VARCHAR[]");
  }
});
