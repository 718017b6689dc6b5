import assert from "node:assert/strict";
import { hasPhrase, PhraseList } from "../../../etl/filters/phrase_list.ts";
import { literal, openDatabase, row } from "../../../etl/store/duckdb.ts";
import { withData } from "../../rows.ts";

Deno.test("phrases are found as whole words in any script, case and composition", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const cases: [phrase: string, text: string, found: boolean][] = [
      ["café", "CAFE\u0301 at noon", true],
      ["straße", "Die STRASSE", false],
      ["straße", "die Straße.", true],
      ["ΣΑΣ", "λέω σε ΣΑΣ, ναι", true],
      ["İstanbul", "İSTANBUL'da", true],
      ["don't", "they DON’T know", true],
      ["a.b*c", "a.b*c", true],
      ["a.b*c", "axbbc", false],
      ["übel", "Kübel", false],
      ["bel", "übel", false],
      ["e", "cafe\u0301", false],
      ["snake_case", "snake_case", true],
      ["case", "snake_case", false],
      ["50 percent", "50  percent", true],
      ["50 percent", "150 percent", false],
      ["猫", "猫、犬", true],
      ["it's", "O''Brien: it's", true],
    ];
    for (const [phrase, text, found] of cases) {
      const result = await row<{ found: boolean }>(
        database,
        `SELECT ${hasPhrase(["other words", phrase])} AS found
         FROM (SELECT ${literal(text)} AS text)`,
      );
      assert.equal(result.found, found, `${phrase} in ${text}`);
    }
  }));

Deno.test("a phrase of punctuation or emoji alone is refused", () => {
  for (const phrase of ["", " ", "!!!", "🚀"]) {
    assert.equal(PhraseList.safeParse([phrase]).success, false, phrase);
  }
});

Deno.test("a phrase that is a pattern is refused, as its signs would be left out", () => {
  for (
    const phrase of ["\\d+", "c++", "colou?r", "(free)", "a|b", "^start", "[0-9]", "x{2}", "$5"]
  ) {
    const { success, error } = PhraseList.safeParse([phrase]);
    assert.equal(success, false, phrase);
    assert.match(error!.message, /is no pattern: phrases are words/);
  }
  for (const phrase of ["U.S.", "don't", "100 % off!", "a - b", "R&D", "AT/GC"]) {
    assert.equal(PhraseList.safeParse([phrase]).success, true, phrase);
  }
});
