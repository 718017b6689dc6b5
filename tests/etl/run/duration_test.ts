import assert from "node:assert/strict";
import { duration } from "../../../etl/run/duration.ts";

Deno.test("a duration is said in the unit that people would use", () => {
  const said = [0, -5, 99_000, 100_000, 5_340_000, 5_400_000, 90_000_000, 1e9].map(duration);
  assert.deepEqual(said, ["0 s", "0 s", "99 s", "2 min", "89 min", "1.5 h", "25.0 h", "12 days"]);
});
