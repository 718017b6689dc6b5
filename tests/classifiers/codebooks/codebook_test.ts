import assert from "node:assert/strict";
import { z } from "zod";
import {
  hashDictionary,
  readDictionary,
  readSection,
} from "../../../classifiers/codebooks/codebook.ts";
import { compile } from "../../../classifiers/codebooks/dictionary_match.ts";
import { UserError } from "../../../etl/run/error.ts";
import { withData } from "../../rows.ts";
import { withFile } from "./codebook_file.ts";

const SHIPPED = "classifiers/codebooks/us_politics.yaml";

const VALID = `
name: test_codebook
version: 2
country: US
languages: [en]
description: A codebook for tests.
dictionary:
  threshold: 1
  categories:
    elections:
      description: Voting.
      terms:
        - ballot
        - Elector*
        - { match: vote, weight: 0.5 }
      phrases: ["polling  Place*", "women’s suffrage"]
      case_sensitive: [FEC]
      hashtags: ["#VoteBlue", votered]
    guns:
      description: Firearms.
      terms: [firearm]
`;

const read = (text: string) => withFile(text, readDictionary);

const hash = (text: string) =>
  read(text).then(({ head, dictionary }) => hashDictionary(head.languages, dictionary));

function replaced(from: string, to: string): string {
  assert.ok(VALID.includes(from), `the valid codebook has no ${from}`);
  return VALID.replace(from, to);
}

async function assertRefused(text: string, where: string, what: string): Promise<void> {
  await withFile(text, async (path) => {
    await assert.rejects(readDictionary(path), (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.equal(error.exitCode, 2);
      assert.ok(error.message.startsWith(`Cannot read the codebook ${path}: `), error.message);
      assert.ok(error.message.includes(where), `${error.message} does not name ${where}`);
      assert.ok(error.message.includes(what), `${error.message} does not say ${what}`);
      assert.ok(error.remedy.length > 0);
      return true;
    });
  });
}

Deno.test("a codebook is read into entries as they are compared with a text", async () => {
  const { head, dictionary } = await read(VALID);
  assert.deepEqual(head, {
    name: "test_codebook",
    version: 2,
    country: "US",
    languages: ["en"],
    description: "A codebook for tests.",
  });
  assert.equal(dictionary.threshold, 1);
  assert.deepEqual(Object.keys(dictionary.categories), ["elections", "guns"]);
  const plain = { isPrefix: false, weight: 1 };
  assert.deepEqual(dictionary.categories.elections, {
    description: "Voting.",
    terms: [
      { ...plain, match: "ballot" },
      { ...plain, match: "elector", isPrefix: true },
      { ...plain, match: "vote", weight: 0.5 },
    ],
    phrases: [
      { ...plain, match: "polling place", isPrefix: true },
      { ...plain, match: "women's suffrage" },
    ],
    case_sensitive: [{ ...plain, match: "FEC" }],
    hashtags: [{ ...plain, match: "voteblue" }, { ...plain, match: "votered" }],
  });
});

Deno.test("the threshold is 1 where the codebook does not say", async () => {
  assert.equal((await read(replaced("  threshold: 1\n", ""))).dictionary.threshold, 1);
});

Deno.test("each mistake in a codebook is refused with the file and the place", async () => {
  const terms = "dictionary.categories.elections.terms";
  const ballot = (to: string) => replaced("- ballot", `- ${to}`);
  const cases: [text: string, where: string, what: string][] = [
    [replaced("languages: [en]", "languages: [en"), "line 6", "Flow"],
    [`${VALID}name: twice\n`, "line", "unique"],
    [replaced("- ballot", "- *gate"), "*gate stands for nothing", "at line"],
    [replaced("terms: [firearm]", "terms: !secret [firearm]"), "line", "tag"],
    ["", "the file", "expected object"],
    [replaced("dictionary:", "dictionnary:"), "the file", "dictionnary"],
    [`${VALID}notes: x\n`, "the file", '"notes"'],
    [replaced("  threshold", "  treshold"), "dictionary: ", '"treshold"'],
    [replaced("    guns:", "    Guns & ammo:"), "dictionary.categories.Guns & ammo", "Invalid key"],
    [replaced("[firearm]", "[firearm]\n      verbs: [shoot]"), "categories.guns: ", '"verbs"'],
    [replaced("      terms: [firearm]\n", ""), "categories.guns: ", "has no entry"],
    [replaced("terms: [firearm]", "terms:"), "categories.guns.terms: ", "expected array"],
    [replaced("      description: Firearms.\n", ""), "guns.description: ", "expected string"],
    [replaced("threshold: 1", "threshold: 0"), "dictionary.threshold: ", "above 0"],
    [replaced("languages: [en]", "languages: []"), "languages: ", "is empty"],
    [replaced("languages: [en]", "languages: [english]"), "languages[0]: ", "ISO 639"],
    [replaced("languages: [en]", "languages: [en, en]"), "languages: ", "twice"],
    [replaced("country: US", "country: usa"), "country: ", "capital"],
    [replaced("version: 2", "version: two"), "version: ", "expected number"],
    [ballot('""'), `${terms}[0]: `, "is empty"],
    [ballot("#ballot"), `${terms}[0]: `, "is empty"],
    [ballot('"*"'), `${terms}[0]: `, "is empty"],
    [ballot("1984"), `${terms}[0]: `, "expected string"],
    [ballot("bal*lot"), `${terms}[0]: `, "not at its end"],
    [ballot("ballot**"), `${terms}[0]: `, "not at its end"],
    [ballot("u.s.*"), `${terms}[0]: `, "behind a letter"],
    [ballot('"-ballot"'), `${terms}[0]: `, "begin"],
    [ballot("the ballot"), `${terms}[0]: `, "move it to phrases"],
    [ballot("vote.org"), `${terms}[0]: `, "never match"],
    [ballot("vote@home"), `${terms}[0]: `, "never match"],
    [ballot("VOTE"), `${terms}[2]: `, 'repeats terms[0], "vote"'],
    [replaced("weight: 0.5", "weight: 0"), `${terms}[2].weight: `, "above 0"],
    [replaced("weight: 0.5", "weight: -1"), `${terms}[2].weight: `, "above 0"],
    [replaced("weight: 0.5", "weight: 0.0005"), `${terms}[2].weight: `, "three decimals"],
    [replaced("weight: 0.5", 'weight: "1"'), `${terms}[2].weight: `, "expected number"],
    [replaced("weight: 0.5", "wait: 0.5"), `${terms}[2]: `, '"wait"'],
    [replaced('"polling  Place*"', "polls"), "elections.phrases[0]: ", "move it to terms"],
    [replaced("[FEC]", "[FEC, FEC]"), "elections.case_sensitive[1]: ", "repeats"],
    [replaced("votered", "vote*"), "elections.hashtags[1]: ", "only as a whole"],
    [replaced("votered", "vote red"), "elections.hashtags[1]: ", "no hashtag"],
    [replaced("votered", "voteblue"), "elections.hashtags[1]: ", "repeats hashtags[0]"],
  ];
  for (const [text, where, what] of cases) await assertRefused(text, where, what);
});

Deno.test("several mistakes are counted behind the first", async () => {
  const text = replaced("- ballot", '- ""').replace("weight: 0.5", "weight: 0");
  await assertRefused(text, "terms[0]: ", "(and 1 more)");
});

Deno.test("a codebook in another encoding is refused with its line, as its accents would match nothing", () =>
  withData(async (folder) => {
    const path = `${folder}/codebook.yaml`;
    const text = replaced("- ballot", "- élection");
    const latin = Uint8Array.from(text, (character) => character.charCodeAt(0));
    await Deno.writeFile(path, latin);
    const line = text.slice(0, text.indexOf("élection")).split("\n").length;
    await assert.rejects(readDictionary(path), (error) => {
      assert.ok(error instanceof UserError && error.exitCode === 2);
      assert.match(
        error.format(),
        new RegExp(`codebook.yaml: line ${line} is not UTF-8\\n {2}Save`),
      );
      return true;
    });
    // Windows marks UTF-16, which can be read then; without the mark it is no text.
    const wide = new Uint8Array(Uint16Array.from(`\ufeff${text}`, (it) => it.charCodeAt(0)).buffer);
    await Deno.writeFile(path, wide);
    const { dictionary } = await readDictionary(path);
    assert.ok(JSON.stringify(dictionary).includes("élection"));
    await Deno.writeFile(path, wide.subarray(2));
    await assert.rejects(readDictionary(path), /not text in UTF-8|not UTF-8/);
    await Deno.writeTextFile(path, `\ufeff${text.replaceAll("\n", "\r\n")}`);
    assert.ok(JSON.stringify((await readDictionary(path)).dictionary).includes("élection"));
    await Deno.writeTextFile(path, `${text}#${"x".repeat(21_000_000)}`);
    await assert.rejects(readDictionary(path), /it has 21 MB/);
  }));

Deno.test("a codebook that is not there is a user's error", async () => {
  await assert.rejects(
    readDictionary("no/such/codebook.yaml"),
    (error) =>
      error instanceof UserError && error.exitCode === 2 && /no such file/.test(error.message),
  );
});

Deno.test("each section is read by itself, whatever stands in the others", async () => {
  const text = `${VALID}sociopolitical: { definition: What counts. }\nattributes: 7\n`;
  assert.equal((await read(text)).dictionary.threshold, 1);
  const schema = z.strictObject({ definition: z.string() });
  const broken = text.replace("threshold: 1", "treshold: 1");
  const { head, section } = await withFile(
    broken,
    (path) => readSection(path, "sociopolitical", schema),
  );
  assert.deepEqual(section, { definition: "What counts." });
  assert.deepEqual(Object.keys(head).sort(), [
    "country",
    "description",
    "languages",
    "name",
    "version",
  ]);
  await assert.rejects(
    withFile(VALID, (path) => readSection(path, "sociopolitical", schema)),
    /sociopolitical: /,
  );
});

Deno.test("the hash stays when only comments, order, descriptions or spelling change", async () => {
  const before = await hash(VALID);
  assert.match(before, /^[0-9a-f]{64}$/);
  const [top, guns] = VALID.split(/(?= {4}guns:)/) as [string, string];
  const [head, elections] = top.split(/(?= {4}elections:)/) as [string, string];
  const same = [
    `# a comment\n${VALID}`,
    head + guns + elections,
    replaced("version: 2", "version: 3"),
    replaced("description: Voting.", "description: Voting and campaigns."),
    replaced('["#VoteBlue", votered]', '\n        - "votered"\n        - voteblue'),
    replaced("- ballot", "- { weight: 1.0, match: BALLOT }"),
    replaced("  threshold: 1\n", ""),
    replaced("women’s", "women's"),
  ];
  for (const text of same) assert.equal(await hash(text), before, text);
});

Deno.test("the hash changes with every entry, weight, threshold, category and language", async () => {
  const changed = [
    VALID,
    replaced("- ballot", "- ballots"),
    replaced("- ballot", "- ballot*"),
    replaced("        - ballot\n", ""),
    replaced("- ballot", "- { match: ballot, weight: 0.9 }"),
    replaced("weight: 0.5", "weight: 0.25"),
    replaced("threshold: 1", "threshold: 2"),
    replaced("[FEC]", "[Fec]"),
    replaced("women’s suffrage", "womens suffrage"),
    replaced("votered", "red"),
    replaced("terms: [firearm]", "hashtags: [firearm]"),
    replaced("    guns:", "    firearms:"),
    replaced("languages: [en]", "languages: [en, es]"),
  ];
  const hashes = await Promise.all(changed.map(hash));
  assert.equal(new Set(hashes).size, changed.length);
});

Deno.test("the shipped codebook loads, and each of its entries matches itself", async () => {
  const { head, dictionary } = await readDictionary(SHIPPED);
  assert.equal(head.name, "us_politics");
  const score = compile(dictionary);
  let entries = 0;
  for (
    const [name, { terms, phrases, case_sensitive, hashtags }] of Object.entries(
      dictionary.categories,
    )
  ) {
    const texts = [
      ...terms,
      ...phrases,
      ...case_sensitive,
      ...hashtags.map((entry) => ({
        ...entry,
        match: `#${entry.match}`,
      })),
    ];
    for (const { match, weight } of texts) {
      entries++;
      assert.equal(score(`(${match}).`).scores[name], weight, `${name}: ${match}`);
    }
  }
  assert.ok(entries >= 300, `only ${entries} entries`);
});

Deno.test("no ambiguous word of the shipped codebook reaches the threshold by itself", async () => {
  const { dictionary } = await readDictionary(SHIPPED);
  const score = compile(dictionary);
  for (const { terms, phrases, case_sensitive } of Object.values(dictionary.categories)) {
    for (const { match, weight } of [...terms, ...phrases, ...case_sensitive]) {
      if (weight < 1) assert.equal(score(match).isPolitical, false, match);
    }
  }
});
