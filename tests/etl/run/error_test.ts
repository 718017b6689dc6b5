import assert from "node:assert/strict";
import { describeError, UserError } from "../../../etl/run/error.ts";

Deno.test("an error is one line with what could not be done and why, and an indented remedy", () => {
  const cause = new Error("deeper");
  const error = new UserError("run status", "it is dark", "Make light", { exitCode: 2, cause });
  assert.equal(error.format(), "Cannot run status: it is dark\n  Make light");
  assert.equal(error.exitCode, 2);
  assert.equal(error.cause, cause);
  assert.equal(new UserError("a", "b", "c").exitCode, 1);
});

Deno.test("anything thrown is described in one line without a stack", () => {
  assert.equal(describeError(new Error("one\n  two\t three")), "one two three");
  assert.equal(describeError(new TypeError()), "TypeError");
  assert.equal(describeError("text"), "text");
  assert.equal(describeError(undefined), "undefined");
  assert.equal(describeError(new Error("x".repeat(1000))).length, 500);
});
