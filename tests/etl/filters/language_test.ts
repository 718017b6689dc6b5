import assert from "node:assert/strict";
import { flagged } from "./flagged.ts";

Deno.test("a post in another language, or in none that can be told, is flagged", async () => {
  const posts = [{ detected_language: "en" }, { detected_language: "de" }, {}];
  assert.deepEqual(await flagged("language", { keep: ["en", "fr"] }, posts), [false, true, true]);
});
