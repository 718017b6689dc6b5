import assert from "node:assert/strict";
import { fuzzFrames } from "./frame_fuzz.ts";
import { fuzzInput } from "./fuzz_input.ts";
import "../../common_environment.ts";

// Invariant 9
Deno.test("6,000 damaged frames are counted, and no wrong record is accepted", () => {
  const { accepted, refused } = fuzzFrames(fuzzInput(), 6000, 1);
  assert.ok(accepted > 300, `${accepted} accepted`);
  for (const reason of ["malformed_frame", "malformed_record", "not_a_post", "no_text"]) {
    assert.ok(refused[reason]! > 0, reason);
  }
  assert.ok(refused.malformed_frame! > 2000 && refused.malformed_record! > 500);
});
