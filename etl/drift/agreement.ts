import { atLeast, twoSided } from "./exact_binomial.ts";
import { cohensKappa } from "./kappa.ts";

/** The values for a post: the first, the next, and that of the last round. */
export interface Looks<T> {
  first: T;
  /** Undefined where the last round is the next. */
  second?: T;
  last: T;
}

/** Agreement of a label in the last round with the first one of the same posts. */
export interface Agreement {
  /** Posts that have the label in both. */
  n: number;
  /** Share of them with the same label. */
  agreement: number;
  /** Cohen's; null where all have the same label. */
  kappa: number | null;
  /** The same share in the first repeated round, if that was an earlier one. */
  agreement_before: number | null;
  /** p-value of the loss of agreement since then: McNemar's exact test, one-sided. */
  p_agreement: number | null;
  /** Share of `true` in the last round minus the first share; null with more than two labels. */
  shift: number | null;
  /** p-value of the shift, two-sided: McNemar's exact test. */
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
