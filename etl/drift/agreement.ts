import { atLeast, twoSided } from "./exact_binomial.ts";
import { cohensKappa } from "./kappa.ts";

/** What was said of a post at first, when it was asked about next, and in the last round. */
export interface Looks<T> {
  first: T;
  /** Undefined where the last round is the next. */
  second?: T;
  last: T;
}

/** How far a label of the last round is the one that the same posts had at first. */
export interface Agreement {
  /** Posts that have the label in both. */
  n: number;
  /** Share of them with the same label. */
  agreement: number;
  /** Cohen's; null where all have the same label. */
  kappa: number | null;
  /** The same share when they were first asked about again, where that was an earlier round. */
  agreement_before: number | null;
  /** That chance alone lets so much of it be lost since: McNemar's exact test, one-sided. */
  p_agreement: number | null;
  /** Share of `true` in the last round less that at first; null where labels are more than two. */
  shift: number | null;
  /** That chance alone shifts it so far, either way: McNemar's exact test. */
  p_shift: number | null;
}

/** Compare labels, as text; undefined without a post. */
export function agreementOf(looks: Looks<string>[]): Agreement | undefined {
  const n = looks.length;
  if (n === 0) return undefined;
  const pairs = looks.map(({ first, last }) => [first, last] as const);
  const again = looks.filter(({ second }) => second !== undefined);
  const lost = again.filter(({ first, second, last }) => first === second && first !== last).length;
  const won = again.filter(({ first, second, last }) => first !== second && first === last).length;
  const isBinary = pairs.flat().every((label) => label === "true" || label === "false");
  const up = pairs.filter(([first, last]) => first !== "true" && last === "true").length;
  const down = pairs.filter(([first, last]) => first === "true" && last !== "true").length;
  return {
    n,
    agreement: pairs.filter(([first, last]) => first === last).length / n,
    kappa: cohensKappa(pairs.map(([a, b]) => ({ a, b, weight: 1 }))),
    agreement_before: again.length === 0
      ? null
      : again.filter(({ first, second }) => first === second).length / again.length,
    p_agreement: again.length === 0 ? null : atLeast(lost, lost + won),
    shift: isBinary ? (up - down) / n : null,
    p_shift: isBinary ? twoSided(up, up + down) : null,
  };
}
