/** The sections of a codebook that a language model is asked by. */
import assert from "node:assert/strict";
import {
  hashAttributes,
  readAttributes,
} from "../../../classifiers/codebooks/attribute_codebook.ts";
import { readDictionary } from "../../../classifiers/codebooks/codebook.ts";
import { codebookPath } from "../../../classifiers/codebooks/codebook_path.ts";
import {
  hashSociopolitical,
  hashSynonyms,
  readSociopolitical,
} from "../../../classifiers/codebooks/sociopolitical_codebook.ts";
import { UserError } from "../../../etl/run/error.ts";
import { withFile } from "./codebook_file.ts";
import "../../common_environment.ts";

const VALID = `
name: test_codebook
version: 2
country: FR
languages: [fr, en]
description: A codebook for tests.
sociopolitical:
  reasons: false
  topics:
    water: Who gets water.
  lean:
    more:
      description: Wants more of it.
      examples: [Open the sluice!, We are thirsty.]
      synonyms: [More water]
    less:
      description: Wants less of it.
      examples: [Shut it.]
    none_said:
      description: Says neither.
      examples: [It rains.]
  undecided: none_said
attributes:
  wet:
    definition: Speaks of being wet.
    zero: Dry.
    one: Soaked.
  cold:
    definition: Speaks of being cold.
    zero: Warm.
    one: Frozen.
`;

function replaced(from: string, to: string): string {
  assert.ok(VALID.includes(from), `the valid codebook has no ${from}`);
  return VALID.replace(from, to);
}

async function assertRefused(
  text: string,
  read: (path: string) => Promise<unknown>,
  where: string,
  what: string,
): Promise<void> {
  await withFile(text, async (path) => {
    await assert.rejects(read(path), (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.equal(error.exitCode, 2);
      assert.ok(
        error.message.startsWith(`Cannot read the codebook ${path}: ${where}`),
        error.message,
      );
      assert.ok(error.message.includes(what), `${error.message} does not say ${what}`);
      return true;
    });
  });
}

Deno.test("each mistake in the section sociopolitical is refused with the file and the place", async () => {
  const cases: [text: string, where: string, what: string][] = [
    [replaced("sociopolitical:", "sociopolitcal:"), "the file: ", "sociopolitcal"],
    [replaced("  reasons: false\n", ""), "sociopolitical.reasons: ", "boolean"],
    [replaced("reasons: false", "reasons: no thanks"), "sociopolitical.reasons: ", "boolean"],
    [replaced("reasons", "reason"), "sociopolitical: ", '"reason"'],
    [replaced("\n    water: Who gets water.", " {}"), "sociopolitical.topics: ", "no topic"],
    [replaced("Who gets water.", ""), "sociopolitical.topics.water: ", "expected string"],
    [replaced("water: Who", "Water use: Who"), "sociopolitical.topics.Water use: ", "Invalid key"],
    [replaced("    more:", "    More!:"), "sociopolitical.lean.More!: ", "Invalid key"],
    [replaced("[Shut it.]", "[]"), "sociopolitical.lean.less.examples: ", "is empty"],
    [replaced("[Shut it.]", "Shut it."), "sociopolitical.lean.less.examples: ", "expected array"],
    [replaced("[Shut it.]", '[" "]'), "sociopolitical.lean.less.examples[0]: ", "is empty"],
    [
      replaced("      description: Says neither.\n", ""),
      "sociopolitical.lean.none_said.desc",
      "string",
    ],
    [replaced("      synonyms", "      synonym"), "sociopolitical.lean.more: ", '"synonym"'],
    [
      replaced("[More water]", "[None-said]"),
      "sociopolitical.lean.more.synonyms[0]: ",
      "none_said",
    ],
    [replaced("[More water]", '["  - "]'), "sociopolitical.lean.more.synonyms[0]: ", "no letter"],
    [
      replaced("[More water]", "[a b, A-B]"),
      "sociopolitical.lean.more.synonyms[1]: ",
      "name of more",
    ],
    [
      replaced("undecided: none_said", "undecided: unclear"),
      "sociopolitical.undecided: ",
      "more, less",
    ],
    [replaced("  undecided: none_said\n", ""), "sociopolitical.undecided: ", "expected string"],
  ];
  for (const [text, where, what] of cases) {
    await assertRefused(text, readSociopolitical, where, what);
  }
});

Deno.test("each mistake in the section attributes is refused with the file and the place", async () => {
  const cases: [text: string, where: string, what: string][] = [
    [VALID.slice(0, VALID.indexOf("attributes:")), "attributes: ", "expected record"],
    [
      `${VALID.slice(0, VALID.indexOf("attributes:"))}attributes: {}`,
      "attributes: ",
      "no attribute",
    ],
    [replaced("    one: Soaked.\n", ""), "attributes.wet.one: ", "expected string"],
    [replaced("Dry.", "0"), "attributes.wet.zero: ", "expected string"],
    [replaced("zero: Dry.", "nought: Dry."), "attributes.wet: ", '"nought"'],
    [replaced("  wet:", "  so wet:"), "attributes.so wet: ", "Invalid key"],
  ];
  for (const [text, where, what] of cases) await assertRefused(text, readAttributes, where, what);
});

Deno.test("a mistake in one section does not stop the classifier of another", async () => {
  await withFile(replaced("undecided: none_said", "undecided: x"), async (path) => {
    assert.deepEqual(Object.keys((await readAttributes(path)).attributes), ["wet", "cold"]);
    await assert.rejects(readSociopolitical(path), UserError);
  });
});

Deno.test("whatever a model is told changes the hash, and nothing else does", async () => {
  const hash = (text: string) =>
    withFile(text, async (path) => hashSociopolitical(await readSociopolitical(path)));
  const valid = await hash(VALID);
  assert.match(valid, /^[0-9a-f]{64}$/);
  for (
    const [from, to] of [
      ["country: FR", "country: BE"],
      ["reasons: false", "reasons: true"],
      ["Who gets water.", "Who drinks."],
      ["water: Who", "wells: Who"],
      ["Wants less of it.", "Wants little of it."],
      ["[Shut it.]", "[Shut it!]"],
      ["    less:", "    little:"],
      ["undecided: none_said", "undecided: less"],
      ["languages: [fr, en]", "languages: [fr]"],
    ] as const
  ) assert.notEqual(await hash(replaced(from, to)), valid, `${from} does not count`);
  for (
    const [from, to] of [
      ["version: 2", "version: 3"],
      ["languages: [fr, en]", "languages: [en, fr]"],
      ["A codebook for tests.", "Another description."],
      ["[More water]", "[Much water]"],
      ["Soaked.", "Drenched."],
      ["  reasons: false", "  # a comment\n  reasons:   false"],
    ] as const
  ) assert.equal(await hash(replaced(from, to)), valid, `${from} counts`);
  const synonyms = (text: string) =>
    withFile(text, async (path) => hashSynonyms((await readSociopolitical(path)).sociopolitical));
  assert.notEqual(await synonyms(replaced("[More water]", "[Much water]")), await synonyms(VALID));
  assert.equal(await synonyms(replaced("[More water]", '["more  WATER"]')), await synonyms(VALID));
});

Deno.test("a definition, a scale or the order of attributes changes their hash, and nothing else does", async () => {
  const hash = (text: string) =>
    withFile(text, async (path) => hashAttributes(await readAttributes(path)));
  const valid = await hash(VALID);
  const cold =
    "  cold:\n    definition: Speaks of being cold.\n    zero: Warm.\n    one: Frozen.\n";
  const turned = replaced(cold, "").replace("attributes:\n", `attributes:\n${cold}`);
  for (const text of [replaced("Soaked.", "Drenched."), replaced("being wet", "water"), turned]) {
    assert.notEqual(await hash(text), valid);
  }
  assert.equal(await hash(replaced("reasons: false", "reasons: true")), valid);
});

Deno.test("the shipped codebooks can be read, and share no lean label", async () => {
  const us = await readSociopolitical(codebookPath("us_politics", "study.yaml"));
  const de = await readSociopolitical(codebookPath("de_climate", "study.yaml"));
  assert.deepEqual(Object.keys(us.sociopolitical.lean), ["left", "right", "moderate", "unclear"]);
  assert.equal(
    Object.keys(de.sociopolitical.lean).filter((name) => name in us.sociopolitical.lean).length,
    0,
  );
  assert.deepEqual(de.head.languages, ["de"]);
  for (const { sociopolitical } of [us, de]) {
    for (const { examples } of Object.values(sociopolitical.lean)) assert.equal(examples.length, 2);
  }
  // The dictionary's codebook is the same file.
  assert.equal(
    (await readDictionary(codebookPath("us_politics", "study.yaml"))).head.name,
    us.head.name,
  );
});

Deno.test("the codebook's attributes are Perspective's, but for those that are not about discussion", async () => {
  const { COLUMNS } = await import("../../../classifiers/clients/comment_analyzer.ts");
  const { attributes } = await readAttributes(codebookPath("us_politics", "study.yaml"));
  const left = ["sexually_explicit", "flirtation", "spam", "constructive"];
  assert.deepEqual(
    Object.keys(attributes).map((name) => `prob_${name}`).sort(),
    Object.keys(COLUMNS).filter((name) => !left.includes(name.slice(5))).sort(),
  );
});
