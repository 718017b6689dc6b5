import assert from "node:assert/strict";
import { flagged } from "./flagged.ts";

Deno.test("characters are counted as people see them, without links, handles and hashtags", async () => {
  const texts = [
    "five!",
    "👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧",
    "four",
    "https://example.org/long #hashtag @ana.example four",
    "",
  ];
  const flags = await flagged("minimum_length", { characters: 5 }, texts.map((text) => ({ text })));
  assert.deepEqual(flags, [false, false, true, true, true]);
});
