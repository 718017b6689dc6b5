import assert from "node:assert/strict";
import { readAttributes } from "../../../classifiers/codebooks/attribute_codebook.ts";
import { readSociopolitical } from "../../../classifiers/codebooks/sociopolitical_codebook.ts";
import {
  attributeInstructions,
  sociopoliticalInstructions,
} from "../../../classifiers/prompt/instructions.ts";
import { boundContext } from "../../../classifiers/prompt/context_bound.ts";
import { readFence } from "../../../classifiers/prompt/material.ts";
import { buildPrompt } from "../../../classifiers/prompt/prompt.ts";
import { countTokens, loadTokens } from "../../../classifiers/prompt/token_count.ts";
import type { ContextPart } from "../../../etl/context/context_part.ts";
import "../../common_environment.ts";

await loadTokens();

const US = "classifiers/codebooks/us_politics.yaml";
const us = await readSociopolitical(US);
const de = await readSociopolitical("classifiers/codebooks/de_climate.yaml");

const words = (n: number, word = "word") =>
  Array.from({ length: n }, (_, i) => `${word}${i}`).join(" ");

Deno.test("the instructions hold all that the codebook defines, and no synonym", () => {
  for (const codebook of [us, de]) {
    const instructions = sociopoliticalInstructions(codebook);
    const { topics, lean } = codebook.sociopolitical;
    for (const [name, text] of Object.entries(topics)) {
      assert.ok(instructions.includes(`- ${name}: ${text}`));
    }
    for (const [name, { description, examples }] of Object.entries(lean)) {
      assert.ok(instructions.includes(`- ${name}: ${description}`));
      for (const example of examples) assert.ok(instructions.includes(JSON.stringify(example)));
    }
  }
  assert.match(sociopoliticalInstructions(us), /United States/);
  assert.doesNotMatch(sociopoliticalInstructions(us), /left-leaning|\nreason:/);
  assert.match(sociopoliticalInstructions(de), /Germany[^]*fuer_klimaschutz[^]*\nreason:/);
});

Deno.test("the instructions for attributes define each, with what 0 and 1 mean", async () => {
  const codebook = await readAttributes(US);
  const instructions = attributeInstructions(codebook);
  for (const [name, { definition, zero, one }] of Object.entries(codebook.attributes)) {
    assert.ok(instructions.includes(`- ${name}: ${definition} 0: ${zero} 1: ${one}`));
  }
});

Deno.test("one post is asked about without an id, several by short ids", () => {
  const one = buildPrompt("X", [{ text: "a" }], 100);
  assert.deepEqual(readFence(one.user), [{ text: "a" }]);
  const two = buildPrompt("X", [{ text: "a" }, { text: "b" }], 100);
  assert.deepEqual(readFence(two.user), [{ id: "p1", text: "a" }, { id: "p2", text: "b" }]);
  assert.match(two.system, /^X\n[^]*"id"/);
  assert.doesNotMatch(one.system, /"id"/);
});

Deno.test("the kinds of context that were shown are told, each once, and of each post", () => {
  const { contextKinds } = buildPrompt("X", [
    { text: "a", context: [{ kind: "alt_text", text: "1" }, { kind: "alt_text", text: "2" }] },
    { text: "b" },
    {
      text: "c",
      context: [{ kind: "quoted_post", text: " " }, { kind: "self_labels", text: "porn" }],
    },
  ], 100);
  assert.deepEqual(contextKinds, [["alt_text"], [], ["self_labels"]]);
});

Deno.test("the same posts give the same bytes, and others give others", () => {
  const prompt = (text: string) => buildPrompt("X", [{ text }], 100).user;
  assert.equal(prompt("a"), prompt("a"));
  assert.notEqual(prompt("a"), prompt("b"));
});

Deno.test("the longest parts are cut first, to one length, and are marked", () => {
  const parts: ContextPart[] = [
    { kind: "reply_parent", text: words(400) },
    { kind: "link_title", text: "Council votes on the bridge" },
    { kind: "quoted_post", text: words(90, "x") },
    { kind: "alt_text", text: "A bridge." },
  ];
  const bound = 300;
  const shown = boundContext(parts, bound);
  assert.deepEqual(shown.map(({ kind }) => kind), parts.map(({ kind }) => kind));
  assert.deepEqual(shown.map(({ cut }) => cut), [true, undefined, true, undefined]);
  assert.deepEqual([shown[1]!.text, shown[3]!.text], [parts[1]!.text, parts[3]!.text]);
  const [a, b] = [countTokens(shown[0]!.text), countTokens(shown[2]!.text)];
  assert.ok(Math.abs(a - b) <= 4, `${a} and ${b} tokens`);
  for (const i of [0, 2]) assert.ok(parts[i]!.text.startsWith(shown[i]!.text));
  const used = countTokens(JSON.stringify(shown));
  assert.ok(used <= bound && used > bound * 0.8, `${used} of ${bound} tokens`);
  assert.deepEqual(boundContext(parts, 10_000).map(({ cut }) => cut), Array(4).fill(undefined));
});

Deno.test("no context exceeds its bound, however long, many or odd its parts are", () => {
  const texts = [
    words(5000),
    "a".repeat(50_000),
    "👩‍👩‍👧".repeat(3000),
    "\u202E".repeat(9000),
    "<>".repeat(5000),
    "正義".repeat(4000),
  ];
  for (const bound of [0, 10, 40, 100, 500]) {
    for (const text of texts) {
      for (const n of [1, 12]) {
        const parts: ContextPart[] = Array.from(
          { length: n },
          () => ({ kind: "link_description", text }),
        );
        const { user } = buildPrompt("", [{ text: "p", context: parts }], bound);
        const empty = buildPrompt("", [{ text: "p" }], bound);
        const used = countTokens(user) - countTokens(empty.user);
        assert.ok(
          used <= bound + 12,
          `${used} tokens under a bound of ${bound}: ${text.slice(0, 4)} × ${n}`,
        );
      }
    }
  }
});

Deno.test("a cut never splits a character that is seen as one", () => {
  const [shown] = boundContext([{ kind: "quoted_post", text: "👩‍👩‍👧".repeat(200) }], 100);
  assert.match(shown!.text, /^(👩‍👩‍👧)+$/u);
});
