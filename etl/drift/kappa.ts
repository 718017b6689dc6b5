/** How often two labellers give two labels to a post, weighted or not. */
export interface LabelPair {
  a: string | boolean;
  b: string | boolean;
  weight: number;
}

/**
 * Give Cohen's kappa of pairs of labels: agreement beyond the agreement expected by chance (Cohen
 * 1960, Educational and Psychological Measurement 20).
 *
 * null without pairs, and where all labels are the same: there is no agreement beyond chance.
 */
export function cohensKappa(pairs: readonly LabelPair[]): number | null {
  const [first, second] = [new Map<unknown, number>(), new Map<unknown, number>()];
  let [all, equal] = [0, 0];
  for (const { a, b, weight } of pairs) {
    first.set(a, (first.get(a) ?? 0) + weight);
    second.set(b, (second.get(b) ?? 0) + weight);
    all += weight;
    if (a === b) equal += weight;
  }
  let chance = 0;
  for (const [label, weight] of first) chance += weight * (second.get(label) ?? 0);
  // Before any division, so that no rounding hides that chance explains all.
  return chance === all * all ? null : (equal * all - chance) / (all * all - chance);
}
