/**
 * Give Cohen's kappa of pairs of labels: agreement beyond what their shares alone would bring (Cohen
 * 1960, Educational and Psychological Measurement 20).
 *
 * null without pairs, and where all are the same label: nothing is left to be beyond chance.
 */
export function cohensKappa(pairs: readonly (readonly [string, string])[]): number | null {
  const n = pairs.length;
  const counts = [0, 1].map((side) => {
    const count = new Map<string, number>();
    for (const pair of pairs) count.set(pair[side]!, (count.get(pair[side]!) ?? 0) + 1);
    return count;
  });
  const [first, second] = counts as [Map<string, number>, Map<string, number>];
  const equal = pairs.filter(([a, b]) => a === b).length;
  let chance = 0;
  for (const [label, count] of first) chance += count * (second.get(label) ?? 0);
  // In whole numbers, so that no rounding hides that chance explains all.
  return chance === n * n ? null : (equal * n - chance) / (n * n - chance);
}
