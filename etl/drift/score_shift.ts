import type { Looks } from "./agreement.ts";
import { twoSided } from "./exact_binomial.ts";

/** Shift of a score in the last round from the first one of the same posts. */
export interface ScoreShift {
  /** Posts that have the score in both. */
  n: number;
  mean_absolute_difference: number;
  /** The same in the first repeated round, if that was an earlier one. */
  mean_absolute_difference_before: number | null;
  /** Mean of the last minus mean of the first. */
  shift: number;
  /** p-value of the number of scores that rise or fall: the sign test, two-sided. */
  p_shift: number;
}

/** Compare scores; undefined without a post. */
export function scoreShiftOf(looks: Looks<number>[]): ScoreShift | undefined {
  if (looks.length === 0) return undefined;
  const differences = looks.map(({ first, last }) => last - first);
  const before = looks.flatMap(({ first, second }) => second === undefined ? [] : [second - first]);
  const rises = differences.filter((difference) => difference > 0).length;
  const falls = differences.filter((difference) => difference < 0).length;
  return {
    n: looks.length,
    mean_absolute_difference: mean(differences.map(Math.abs))!,
    mean_absolute_difference_before: mean(before.map(Math.abs)),
    shift: mean(differences)!,
    p_shift: twoSided(rises, rises + falls),
  };
}

function mean(values: number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
