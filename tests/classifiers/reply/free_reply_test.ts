import assert from "node:assert/strict";
import { readSociopolitical } from "../../../classifiers/codebooks/sociopolitical_codebook.ts";
import { readFreeReply } from "../../../classifiers/reply/free_reply.ts";
import { isObject, readLooseObjects } from "../../../classifiers/reply/loose_json.ts";

const { sociopolitical: us } = await readSociopolitical("classifiers/codebooks/us_politics.yaml");
const { sociopolitical: de } = await readSociopolitical("classifiers/codebooks/de_climate.yaml");

/** Give a reply's lean, "not" of one that is not sociopolitical, or the reason that it gives none. */
function read(reply: string, section = us): unknown {
  const found = readFreeReply(section, reply);
  if ("reason" in found) return found.reason;
  return found.row.is_sociopolitical ? found.row.lean : "not";
}

function assertReads(cases: [reply: string, expected: string][]): void {
  for (const [reply, expected] of cases) assert.equal(read(reply), expected, reply);
}

Deno.test("a reply in plain JSON is read, in the words of today and of 2024", () => {
  assertReads([
    ['{"civic":"civic","political_ideology":"left-leaning","reason_civic":null}', "left"],
    ['{"civic":"not civic","political_ideology":"unclear"}', "not"],
    ['{"is_sociopolitical":true,"lean":"right"}', "right"],
    ['{"is_sociopolitical":false,"lean":null}', "not"],
    ['{"posts":[{"id":"x","is_sociopolitical":true,"lean":"unclear"}]}', "unclear"],
    ['{"civic":"civic","political_ideology":"left-leaning","unclear":null}', "left"],
  ]);
});

Deno.test("JSON is found in prose, code fences and comments, and mended where that is plain", () => {
  assertReads([
    [
      'Sure! Here it is:\n```json\n{"civic": "civic", "lean": "left"}\n```\nHope this {helps}!',
      "left",
    ],
    ['{"civic": "civic", // because\n "lean": "left", # sure\n /* done */ }', "left"],
    ["{'civic': 'civic', 'lean': 'right', 'reason': 'it's about the town's tax'}", "right"],
    ['{"civic": "civic", "reason": "He says "no", and leaves", "lean": "right"}', "right"],
    ["{“civic”: “civic”, “lean”: “moderate”}", "moderate"],
    ["{civic: civic, lean: left}", "left"],
    ['{"civic": True, "lean": "left"}', "left"],
    ['{"civic": "civic"\n "lean": "left"\n', "left"],
    ['"civic": "not civic",\n"political_ideology": "unclear"', "not"],
    ["**Civic**: not civic\n- Political lean: N/A\nThanks!", "not"],
    ["Civic: civic\nPolitical ideology: Left-Leaning", "left"],
    ['{"civic": "civic", "lean": "left", "reason": "the sentence breaks o', "left"],
    ['{"civic": "civic", "lean": ["left"]}', "left"],
    ['{"civic": "c\\u0069vic", "lean": "left"}', "left"],
  ]);
});

Deno.test("labels are known by the codebook's synonyms, however they are written", () => {
  for (
    const lean of ["Left", "LEFT-LEANING", "left leaning", "Left_Leaning.", '"left"', "liberal"]
  ) {
    assert.equal(read(JSON.stringify({ civic: "Civic", lean })), "left", lean);
  }
  for (const civic of ["not civic", "Non-Civic", "no", "False", false]) {
    assert.equal(read(JSON.stringify({ civic, lean: "unclear" })), "not", String(civic));
  }
  assert.equal(read('{"sociopolitical":"yes","lean":"Für Klimaschutz"}', de), "fuer_klimaschutz");
  assert.equal(read('{"sociopolitical":"yes","lean":"left"}', de), "invalid_answer");
});

Deno.test("lines are read with whatever blanks and marks stand around their keys", () => {
  for (const before of ["", "\uFEFF", "\u00A0", "\t- ", "> **"]) {
    for (const behind of ["", " ", "\u202F", "\u00A0", " **", "** ", "-", '"']) {
      const line = (key: string, value: string) => `${before}${key}${behind}: ${value}`;
      const reply = `${line("is_sociopolitical", "yes")}\n${line("lean", "left")}`;
      assert.equal(read(reply), "left", JSON.stringify(reply));
    }
  }
});

Deno.test("what is said twice, or says the opposite of itself, is no label", () => {
  const invalid = (replies: string[]) =>
    assertReads(replies.map((reply) => [reply, "invalid_answer"]));
  invalid([
    '{"civic":"not civic","political_ideology":"left-leaning"}',
    '{"civic":"civic","political_ideology":null}',
    '{"civic":"civic"}',
    '{"political_ideology":"left-leaning"}',
    '{"civic":"civic","civic":"not civic","lean":"unclear"}',
    '{"civic":"civic","lean":"left","political_ideology":"right"}',
    '{"civic":"civic","lean":"left"} On second thought: {"civic":"civic","lean":"right"}',
    '{"civic":"civic","lean":["left","moderate"]}',
    '{"civic":"civic","lean":"left or moderate"}',
    '{"civic":"civic","lean":"left","right":"yes"}',
    "Civic: not civic\nLean: left, right",
  ]);
  assertReads([
    ['{"civic":"civic","lean":"left"} Again: {"civic":"civic","lean":"left-leaning"}', "left"],
    ['{"civic": <two values>, "lean": "<four values>"}\n{"civic":"civic","lean":"left"}', "left"],
  ]);
});

Deno.test("nothing is guessed from prose, unknown words or an empty reply", () => {
  assertReads([
    ["The post is civic and leans left.", "invalid_answer"],
    ["", "invalid_answer"],
    ["{}", "invalid_answer"],
    ['{"label":"left"}', "invalid_answer"],
    ['{"civic":"maybe","lean":"left"}', "invalid_answer"],
    ['{"civic":"civic","lean":"far left"}', "invalid_answer"],
    ['{"civic":0.7,"lean":"left"}', "invalid_answer"],
    [`{"civic":"civic","lean":"left","reason":"${"x".repeat(20_000)}"}`, "invalid_answer"],
  ]);
});

Deno.test("a reply that declines, and one that breaks off too early, have reasons of their own", () => {
  assertReads([
    ["I can't classify this post.", "refused"],
    ["I'm sorry, but I cannot help with that.", "refused"],
    ['{"civic": "civic", "political_ideology": "left-lea', "cut_short"],
    ['{"civic": "civic", "political_ideology": left', "cut_short"],
    ['{"civic": "civ', "cut_short"],
    ["{", "cut_short"],
  ]);
});

Deno.test("reasons are kept only where the codebook wants them", () => {
  const reply = '{"civic":"civic","lean":"unklar","reason_civic":"A.","reason_lean":" B. "}';
  const found = readFreeReply(de, reply);
  assert.ok("row" in found);
  assert.equal(found.row.reason_text, "A. B.");
  const other = readFreeReply(us, reply.replace("unklar", "unclear"));
  assert.ok("row" in other);
  assert.equal(other.row.reason_text, null);
});

Deno.test("what JSON allows is read as JSON reads it", () => {
  for (
    const value of [
      { a: 'q"u\\o\tte', b: [1, -2.5, true, null, "x, y"], c: { d: { e: [] } } },
      { "key with: colon": "{not an object}", "": "😀" },
    ]
  ) {
    const [object, ...others] = readLooseObjects(JSON.stringify(value, null, 2));
    assert.deepEqual(others, []);
    const plain = (given: unknown): unknown =>
      Array.isArray(given)
        ? given.map(plain)
        : typeof given === "object" && given !== null && isObject(given as never)
        ? Object.fromEntries(
          (given as { entries: [string, unknown][] }).entries.map(([k, v]) => [k, plain(v)]),
        )
        : given;
    assert.deepEqual(plain(object), value);
  }
});

Deno.test("no text throws or takes long", () => {
  for (
    const piece of [
      '{"',
      "{'",
      "{",
      '{"a":',
      '{"a":"',
      '"',
      "{/*",
      '{"a":[',
      "a:",
      "civic: ",
      "\u0000{\\",
    ]
  ) {
    read(piece.repeat(20_000 / piece.length));
  }
  let state = 1;
  const next = (n: number) => (state = (state * 48271) % 2147483647) % n;
  const pieces = [
    "{",
    "}",
    '"',
    "'",
    "civic",
    "lean",
    ":",
    ",",
    " ",
    "\n",
    "left",
    "[",
    "]",
    "\\",
    "#",
    "<",
  ];
  for (let round = 0; round < 3000; round++) {
    read(Array.from({ length: next(30) }, () => pieces[next(pieces.length)]).join(""));
  }
});
