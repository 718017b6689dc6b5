import assert from "node:assert/strict";
import { flagged } from "./flagged.ts";

Deno.test("self-labels and listed accounts are flagged, and a post without the list of labels is not", async () => {
  const posts = [
    { did: "did:plc:a", self_labels: ["porn"] },
    { did: "did:plc:a", self_labels: ["!no-unauthenticated", "nudity"] },
    { did: "did:plc:a", self_labels: ["pornography"] },
    { did: "did:plc:a", self_labels: null },
    { did: "did:plc:b", self_labels: null },
  ];
  const settings = { self_labels: ["porn", "nudity"], accounts: ["did:plc:b"] };
  assert.deepEqual(await flagged("nsfw", settings, posts), [true, true, false, false, true]);
});
