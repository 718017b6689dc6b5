import assert from "node:assert/strict";
import { comparedText } from "../../../etl/labels/same_text.ts";

const TEXT = "“Don’t” – she said…\nand left: café & bar 👩‍👩‍👧 <3";

Deno.test("a text is the same after what spreadsheets, coding tools and web pages do to it", () => {
  const copies = {
    "trimmed and padded": `  ${TEXT}\t\n`,
    "CRLF in a cell": TEXT.replace("\n", "\r\n"),
    "one line": TEXT.replace("\n", " "),
    "straight quotes": TEXT.replace(/[“”]/g, '"').replace("’", "'"),
    "a hyphen and three points": TEXT.replace("–", "-").replace("…", "..."),
    "letters with accents apart": TEXT.normalize("NFD"),
    "entities": TEXT.replaceAll("&", "&amp;").replace("<", "&lt;").replace("’", "&#8217;"),
    "entities twice": TEXT.replaceAll("&", "&amp;amp;").replace("“", "&#x201c;"),
    "entities by name": TEXT.replace("é", "&eacute;").replace("–", "&ndash;"),
    "hard blanks": TEXT.replaceAll(" ", "\u00a0"),
    "no joiners": TEXT.replaceAll("\u200d", ""),
    "a mark of order": `\ufeff${TEXT}`,
  };
  for (const [name, copy] of Object.entries(copies)) {
    assert.equal(comparedText(copy), comparedText(TEXT), name);
  }
});

Deno.test("another word, another sign or another case is another text", () => {
  for (const other of [TEXT.replace("left", "stayed"), TEXT.replace(":", ""), TEXT.toUpperCase()]) {
    assert.notEqual(comparedText(other), comparedText(TEXT));
  }
  assert.equal(comparedText("AT&T; &unknown; &amp"), "AT&T; &unknown; &amp");
});
