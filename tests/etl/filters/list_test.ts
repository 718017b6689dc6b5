import assert from "node:assert/strict";
import { flagged } from "./flagged.ts";

Deno.test("the study's own list flags by author and by phrase, and nothing where it is empty", async () => {
  const posts = [
    { did: "did:plc:a", text: "An ordinary post" },
    { did: "did:web:example.org", text: "Another ordinary post" },
    { did: "did:plc:b", text: "Horoscope: today you will read this" },
    { did: "did:plc:b", text: "Horoscopes are nothing to believe in" },
  ];
  const settings = { accounts: ["did:web:example.org"], phrases: ["horoscope"] };
  assert.deepEqual(await flagged("list", settings, posts), [false, true, true, false]);
  assert.deepEqual(await flagged("list", {}, posts), [false, false, false, false]);
});
