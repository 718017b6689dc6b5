import assert from "node:assert/strict";
import { readAttributes } from "../../../classifiers/codebooks/attribute_codebook.ts";
import { readSociopolitical } from "../../../classifiers/codebooks/sociopolitical_codebook.ts";
import { ServiceError } from "../../../etl/answers/service_error.ts";
import { attributeColumns, attributeFormat } from "../../../classifiers/reply/attribute_reply.ts";
import {
  readReply,
  type ReplyFormat,
  responseFormat,
} from "../../../classifiers/reply/reply_format.ts";
import { partOfReply, shortId } from "../../../classifiers/reply/reply_part.ts";
import { sociopoliticalFormat } from "../../../classifiers/reply/sociopolitical_reply.ts";

const US = "classifiers/codebooks/us_politics.yaml";
const { sociopolitical: us } = await readSociopolitical(US);
const { sociopolitical: de } = await readSociopolitical("classifiers/codebooks/de_climate.yaml");
const { attributes } = await readAttributes(US);
const FORMATS = [sociopoliticalFormat(us), sociopoliticalFormat(de), attributeFormat(attributes)];

/** Keywords that Groq's strict mode takes. */
const KEYWORDS = [
  "type",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "enum",
  "anyOf",
];

function assertStrict(schema: unknown): void {
  if (typeof schema !== "object" || schema === null) return;
  const node = schema as Record<string, unknown>;
  for (const key of Object.keys(node)) {
    assert.ok(KEYWORDS.includes(key), `strict mode has no ${key}`);
  }
  if (node.type === "object") {
    assert.equal(node.additionalProperties, false);
    assert.deepEqual(node.required, Object.keys(node.properties as object));
    for (const property of Object.values(node.properties as object)) assertStrict(property);
  }
  assertStrict(node.items);
  for (const option of (node.anyOf ?? []) as unknown[]) assertStrict(option);
}

function assertInvalid(format: ReplyFormat, content: string): void {
  assert.throws(() => readReply(format, content), (error) => {
    assert.ok(error instanceof ServiceError, String(error));
    assert.deepEqual([error.problem, error.reason], ["passing", "invalid_answer"]);
    // Invariant 12
    assert.doesNotMatch(error.message, /left|secret/);
    return true;
  }, content);
}

Deno.test("every schema is in the terms of strict mode, for one post and for several", () => {
  for (const format of FORMATS) {
    for (const isPacked of [false, true]) {
      const { type, json_schema } = responseFormat(format, isPacked) as {
        type: string;
        json_schema: { name: string; strict: boolean; schema: { properties: object } };
      };
      assert.deepEqual([type, json_schema.strict], ["json_schema", true]);
      assertStrict(json_schema.schema);
      assert.equal("posts" in json_schema.schema.properties, isPacked);
    }
  }
});

Deno.test("the labels of the schema are those of the codebook", () => {
  const text = JSON.stringify(responseFormat(sociopoliticalFormat(de), false));
  assert.match(text, /"enum":\["fuer_klimaschutz","gegen_massnahmen","abwaegend","unklar"\]/);
  assert.match(text, /"required":\["reason","is_sociopolitical","lean"\]/);
});

Deno.test("a reply to one post becomes label columns", () => {
  const row = (said: unknown, section = us) =>
    readReply(sociopoliticalFormat(section), JSON.stringify(said));
  assert.deepEqual(
    row({ is_sociopolitical: true, lean: "left" }),
    { is_sociopolitical: true, lean: "left", reason_text: null },
  );
  const none = { is_sociopolitical: false, lean: null, reason_text: null };
  assert.deepEqual(row({ is_sociopolitical: false, lean: null }), none);
  assert.deepEqual(row({ is_sociopolitical: false, lean: "unclear" }), none);
  assert.deepEqual(
    row({ reason: " Nennt kein Ziel. ", is_sociopolitical: true, lean: "unklar" }, de),
    { is_sociopolitical: true, lean: "unklar", reason_text: "Nennt kein Ziel." },
  );
});

Deno.test("a reply outside of the schema is rejected", () => {
  const format = sociopoliticalFormat(us);
  for (
    const said of [
      { is_sociopolitical: true },
      { is_sociopolitical: true, lean: "far left" },
      { is_sociopolitical: true, lean: null },
      { is_sociopolitical: false, lean: "left" },
      { is_sociopolitical: "true", lean: "left" },
      { is_sociopolitical: true, lean: "left", note: "secret" },
      { is_sociopolitical: true, lean: "fuer_klimaschutz" },
      [{ is_sociopolitical: true, lean: "left" }],
      "BANANA",
      null,
    ]
  ) assertInvalid(format, JSON.stringify(said));
  for (const content of ["", "BANANA", '{"is_sociopolitical": true, "lean": "le', "secret {}"]) {
    assertInvalid(format, content);
  }
  assertInvalid(sociopoliticalFormat(de), '{"is_sociopolitical":true,"lean":"unklar"}');
});

Deno.test("scores are read under their columns, and only from 0 to 1", () => {
  const format = attributeFormat(attributes);
  const scores = Object.fromEntries(Object.keys(attributes).map((name, i) => [name, i / 20]));
  const row = readReply(format, JSON.stringify(scores));
  assert.deepEqual(Object.keys(row), Object.keys(attributeColumns(attributes)));
  assert.deepEqual([row.score_toxic, row.score_severe_toxic], [0, 0.05]);
  for (const toxic of [-0.01, 1.01, "0.5", null, undefined]) {
    assertInvalid(format, JSON.stringify({ ...scores, toxic }));
  }
  assertInvalid(format, JSON.stringify(scores).replace('"toxic":0,', '"toxic":1e999,'));
});

Deno.test("replies to several posts are matched by id, whatever their order", () => {
  const entry = (id: unknown, lean: string | null = "left") => ({
    id,
    is_sociopolitical: true,
    lean,
  });
  const read = (posts: unknown) => readPacked(JSON.stringify({ posts }), 3);
  const whole = read([entry("p3", "right"), entry("p1"), entry("p2", "moderate")]);
  assert.deepEqual(whole, { p1: "left", p2: "moderate", p3: "right" });
  const spoiled = read([
    entry("p2", "right"),
    entry("p1"),
    entry("p1", "right"),
    entry("p4"),
    entry(3),
    entry("p3", "nowhere"),
    "p3",
  ]);
  assert.deepEqual(spoiled, { p1: "missing", p2: "right", p3: "missing" });
  const none = { p1: "missing", p2: "missing", p3: "missing" };
  assert.deepEqual(read([]), none);
  assert.deepEqual(read([entry("p2")]), { ...none, p2: "left" });
});

Deno.test("a reply to several posts without a list of posts is rejected as a whole", () => {
  for (const content of ["[]", "{}", '{"posts":{}}', '{"posts":[],"more":1}', '{"posts":[', "x"]) {
    assert.deepEqual(readPacked(content, 1), { p1: "missing" });
  }
});

/** Read the lean of each post in the content of a reply to so many, `missing` where it says none. */
function readPacked(content: string, posts: number): Record<string, unknown> {
  const body = JSON.stringify({ choices: [{ finish_reason: "stop", message: { content } }] });
  return Object.fromEntries(Array.from({ length: posts }, (_, place) => {
    try {
      const own = JSON.parse(partOfReply(body, place)).choices[0].message.content;
      return [shortId(place), readReply(sociopoliticalFormat(us), own).lean];
    } catch (error) {
      assert.ok(error instanceof ServiceError && error.reason === "invalid_answer");
      return [shortId(place), "missing"];
    }
  }));
}
