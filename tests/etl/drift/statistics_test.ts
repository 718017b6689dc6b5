import assert from "node:assert/strict";
import { agreementOf, type Looks } from "../../../etl/drift/agreement.ts";
import { atLeast, twoSided } from "../../../etl/drift/exact_binomial.ts";
import { cohensKappa } from "../../../etl/drift/kappa.ts";
import { scoreShiftOf } from "../../../etl/drift/score_shift.ts";

interface Example {
  first: string[];
  second: string[];
  last: string[];
  kappa: number;
  mcnemar_agreement_less: number;
  is_true: { first: boolean[]; last: boolean[]; kappa: number; mcnemar: number };
  scores: { first: number[]; last: number[]; sign: number; shift: number; absolute: number };
  binomial: [number, number, number, number][];
}
const example: Example = JSON.parse(Deno.readTextFileSync("tests/fixtures/drift_example.json"));

function near(found: number | null | undefined, expected: number): void {
  assert.ok(
    Math.abs(found! - expected) <= 1e-9 * Math.max(1, Math.abs(expected)),
    `${found} is not ${expected}`,
  );
}

Deno.test("the exact binomial test of one half is what one counts by hand, and scipy for many tosses", () => {
  assert.equal(twoSided(0, 0), 1);
  near(atLeast(3, 3), 1 / 8);
  near(atLeast(2, 3), 4 / 8);
  near(atLeast(0, 3), 1);
  near(twoSided(5, 5), 2 / 32);
  near(twoSided(1, 6), 2 * 7 / 64);
  assert.equal(twoSided(3, 6), 1);
  for (const [heads, tosses, greater, two] of example.binomial) {
    near(atLeast(heads, tosses), greater);
    near(twoSided(heads, tosses), two);
  }
});

Deno.test("Cohen's kappa is that of a table by hand, and scikit-learn's of an invented example", () => {
  // 20 and 15 agreements, 5 and 10 disagreements: (0.7 - 0.5) / (1 - 0.5).
  const cells: [string, string, number][] = [["a", "a", 20], ["a", "b", 5], ["b", "a", 10], [
    "b",
    "b",
    15,
  ]];
  near(
    cohensKappa(cells.map(([a, b, weight]) => ({ a, b, weight }))),
    0.4,
  );
  const pairs = (...all: [string, string][]) => all.map(([a, b]) => ({ a, b, weight: 1 }));
  near(
    cohensKappa(pairs(...example.first.map((a, i) => [a, example.last[i]!] as [string, string]))),
    example.kappa,
  );
  assert.equal(cohensKappa(pairs(["a", "a"], ["a", "a"])), null);
  assert.equal(cohensKappa([]), null);
  assert.equal(cohensKappa(pairs(["a", "b"], ["b", "a"])), -1);
});

Deno.test("what agreed before and no longer does is weighed against what began to agree, as statsmodels does", () => {
  const { first, second, last, mcnemar_agreement_less, is_true } = example;
  const looks = first.map((label, i) => ({ first: label, second: second[i]!, last: last[i]! }));
  const found = agreementOf(looks)!;
  assert.equal(found.n, first.length);
  near(found.kappa, example.kappa);
  near(found.p_agreement, mcnemar_agreement_less);
  assert.deepEqual([found.shift, found.p_shift], [null, null]);
  const binary = agreementOf(
    is_true.first.map((label, i) => ({ first: String(label), last: String(is_true.last[i]) })),
  )!;
  near(binary.kappa, is_true.kappa);
  near(binary.p_shift, is_true.mcnemar);
  assert.deepEqual([binary.agreement_before, binary.p_agreement], [null, null]);
  assert.equal(agreementOf([]), undefined);
});

Deno.test("a share moves by the posts that changed sides, and agreement is compared with the same posts' before", () => {
  const look = (first: boolean, second: boolean, last: boolean, n: number): Looks<string>[] =>
    Array.from({ length: n }, () => ({
      first: String(first),
      second: String(second),
      last: String(last),
    }));
  const found = agreementOf([
    ...look(true, true, true, 4),
    ...look(false, false, false, 2),
    ...look(false, false, true, 3),
    ...look(false, true, false, 1),
  ])!;
  assert.deepEqual([found.n, found.agreement, found.agreement_before, found.shift], [
    10,
    0.7,
    0.9,
    0.3,
  ]);
  // Three lost, one won: 1/16 + 4/16. Three up, none down: 2/8.
  near(found.p_agreement, 5 / 16);
  near(found.p_shift, 2 / 8);
});

Deno.test("scores differ by their mean absolute difference, and shift by their mean, with scipy's sign test", () => {
  const { first, last, sign, shift, absolute } = example.scores;
  const found = scoreShiftOf(first.map((score, i) => ({ first: score, last: last[i]! })))!;
  near(found.p_shift, sign);
  near(found.shift, shift);
  near(found.mean_absolute_difference, absolute);
  assert.equal(found.mean_absolute_difference_before, null);
  const hand = scoreShiftOf([
    { first: 0.1, second: 0.2, last: 0.4 },
    { first: 0.5, second: 0.5, last: 0.4 },
    { first: 0.5, second: 0.4, last: 0.5 },
  ])!;
  near(hand.shift, 0.2 / 3);
  near(hand.mean_absolute_difference, 0.4 / 3);
  near(hand.mean_absolute_difference_before, 0.2 / 3);
  assert.equal(hand.p_shift, 1);
  assert.equal(scoreShiftOf([]), undefined);
});
