/** Compares numbers that were reached by different ways. */
import assert from "node:assert/strict";

/** Fail where two numbers differ by more than rounding. */
export function assertClose(found: unknown, wanted: unknown, what: string): void {
  const [a, b] = [Number(found), Number(wanted)];
  assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)), `${what}: ${found}, ${wanted}`);
}

/** Give a value with its numbers as nine digits: sums of doubles depend on their order. */
export function rounded(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(
      value,
      (_, part) => typeof part === "number" ? Number(part.toPrecision(9)) : part,
    ),
  );
}
