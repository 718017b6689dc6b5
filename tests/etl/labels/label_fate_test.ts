import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Fate, fateOf } from "../../../etl/labels/label_fate.ts";

const hash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 32);
const version = (text: string) => ({ text, text_hash: hash(text) });

/** A text of a label, versions of its post with the post last, and what becomes of the label. */
const CASES: [text: string | undefined, versions: string[], fate: Fate, hadOthers?: boolean][] = [
  // The exact text goes first, also where a looser comparison finds the post.
  ["Rents 10² up", ["Rents 10² up", "Rents 102 up"], "another_version"],
  ["Rents 10² up", ["Rents 102 up", "Rents 10² up"], "same_text"],
  ["Rents ½ up", ["Rents ½ up", "Rents 1⁄2 up"], "another_version"],
  // Then blanks, quotes and the like; only then what is another sign.
  [" Rents 10² up\r\n", ["Rents 10² up", "Rents 102 up"], "another_version"],
  [" Rents 10² up\r\n", ["Rents 102 up", "Rents 10² up"], "same_text"],
  ["Rents １０２ up", ["Rents fall", "Rents 10² up"], "same_text"],
  // Then the beginning, where one version alone has it.
  ["Rents rise, says bo", ["Rents rise, says bob", "Rents fall, says bob"], "another_version"],
  ["Rents fall, sa...", ["Rents rise, says bob", "Rents fall, says bob"], "by_uri_alone"],
  ["Rents fall, sa […]", ["Rents rise, says bob", "Rents fall, says bob"], "by_uri_alone"],
  ["Rents 10² u", ["Rents 10² up", "Rents 102 up"], "another_version"],
  ["Rents", ["Rents rise, says bob", "Rents fall, says bob"], "no_version"],
  // Then the uri, of which nothing tells versions apart but where there is one.
  ["Kittens", ["Rents rise"], "by_uri_alone"],
  ["", ["Rents rise"], "by_uri_alone"],
  [undefined, ["Rents rise"], "by_uri_alone"],
  ["Kittens", ["Rents rise", "Rents fall"], "no_version"],
  ["", ["Rents rise", "Rents fall"], "no_version"],
  ["", ["", "Rents fall"], "another_version"],
  [undefined, ["Rents rise", "Rents fall"], "no_version"],
  // Of what was deleted only the post is known that was written after it.
  ["Kittens", ["Rents rise"], "no_version", true],
  [undefined, ["Rents rise"], "no_version", true],
  ["Rents ri", ["Rents rise"], "by_uri_alone", true],
  [" Rents rise", ["Rents rise"], "same_text", true],
];

Deno.test("a label is of the version with its text, else with its beginning, else of the only one", () => {
  for (const [text, texts, fate, hadOthers = false] of CASES) {
    const label = { text_hash: hash(text ?? "a text that is gone"), text };
    const versions = texts.map(version);
    for (const known of [versions, versions.toReversed()]) {
      assert.equal(
        fateOf(label, versions.at(-1)!.text_hash, known, hadOthers),
        fate,
        JSON.stringify([text, texts, hadOthers]),
      );
    }
  }
});
