import assert from "node:assert/strict";
import {
  formatMean,
  formatNumber,
  formatShare,
  formatShareTick,
} from "../../../notebooks/measures/number_format.ts";

Deno.test("only nothing is written as 0%, only all as 100%, and small numbers keep their digits", () => {
  const shares = [0, 1e-17, 4, 6, 312, 9_994, 9_996, 10_000 - 1e-11, 10_000];
  assert.deepEqual(shares.map((part) => formatShare(part, 10_000)), [
    "0%",
    "0%",
    "<0.1%",
    "0.1%",
    "3.1%",
    "99.9%",
    ">99.9%",
    "100%",
    "100%",
  ]);
  assert.equal(formatShare(0, 0), "–");
  assert.deepEqual([0, 0.00004, 0.0523, 1234.5678, 12n].map(formatNumber), [
    "0",
    "0.00004",
    "0.052",
    "1,234.568",
    "12",
  ]);
  assert.deepEqual([0, 0.0001, 0.21].map(formatMean), ["0.00", "<0.001", "0.21"]);
  assert.deepEqual([0, 0.0002, 0.15, 0.3].map(formatShareTick), ["0%", "0.02%", "15%", "30%"]);
});
