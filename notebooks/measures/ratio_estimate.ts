import type { ClusterSums } from "./cluster_sums.ts";

/** A share, or a mean of values between 0 and 1, with how far it can be believed. */
export interface RatioEstimate {
  value: number;
  standard_error: number;
  /** Bounds of the 95% interval. */
  low: number;
  high: number;
  degrees_of_freedom: number;
  /** How many times as large the variance is as that of as many posts drawn one by one. */
  design_effect: number;
  /** As many posts drawn one by one would say as much. */
  effective_n: number;
}

/** Give the weighted share or mean; NaN where there is nothing to divide by. */
export function ratio({ sum_y, sum_n }: Pick<ClusterSums, "sum_y" | "sum_n">): number {
  return sum_n > 0 ? sum_y / sum_n : NaN;
}

/**
 * Estimate a weighted share or mean from sums over clusters, undefined where there are fewer than two.
 *
 * The variance is that of a ratio, linearised, with clusters taken as drawn with replacement
 * (Lohr, Sampling: Design and Analysis, 3rd ed., 9.1 and 9.2), times `unseen`, the part of the
 * population that was not drawn. The interval is symmetric on the logit scale, as R's
 * `svyciprop(method = "logit")` makes it, so that it stays between 0 and 1. Where all clusters say the
 * same nothing can be linearised: there it is the exact interval for as many draws as clusters.
 *
 * Of posts that are drawn, however few and unequal their authors, intervals cover the share among all
 * posts in 95% of samples or more; in up to all where authors keep to one opinion and most posts are
 * drawn. Who takes the authors themselves for drawn from many must know that 95% are then 93% with 1,000
 * authors of up to 20 posts, 88% with 100, and 73 to 84% with 100 to 1,000 of whom some write 200. No
 * degrees of freedom for t mend that: the effective number of clusters (Carter, Schnepel and
 * Steigerwald, Review of Economics and Statistics 99 (2017)) makes it 93% and 86 to 91%, Satterthwaite's
 * of the residuals 92 to 95% and 81 to 90%, twice as wide, and both cover too often what is drawn.
 * So they are clusters - 1, as in R's `survey`. The design effect is R's `svymean(deff = "replace")`.
 */
export function ratioEstimate(sums: ClusterSums, unseen = 1): RatioEstimate | undefined {
  const { clusters, n_labeled, sum_n, sum_y_y, sum_y_n, sum_n_n } = sums;
  if (clusters < 2 || !(sum_n > 0)) return undefined;
  const value = ratio(sums);
  // Rounding may leave a little less than nothing.
  const residuals = Math.max(0, sum_y_y - 2 * value * sum_y_n + value ** 2 * sum_n_n);
  const variance = clusters / (clusters - 1) * residuals / sum_n ** 2;
  const spread = Math.max(0, sums.sum_squares / sum_n - value ** 2) / (n_labeled - 1);
  const isDegenerate = residuals < 1e-12 * sum_n_n;
  const design_effect = isDegenerate ? n_labeled / clusters : variance / spread;
  const standard_error = isDegenerate ? 0 : Math.sqrt(variance * unseen);
  const degrees_of_freedom = clusters - 1;
  return {
    value,
    standard_error,
    ...isDegenerate
      ? exactInterval(value, clusters, unseen)
      : logitInterval(value, standard_error * studentT(degrees_of_freedom)),
    degrees_of_freedom,
    design_effect,
    effective_n: n_labeled / design_effect,
  };
}

function logitInterval(value: number, half: number): { low: number; high: number } {
  const logit = Math.log(value / (1 - value));
  const reach = half / (value * (1 - value));
  return { low: expit(logit - reach), high: expit(logit + reach) };
}

/** Clopper and Pearson's interval where none or all of the draws say yes; else there is no spread. */
function exactInterval(value: number, draws: number, unseen: number) {
  const reach = (1 - 0.025 ** (1 / draws)) * unseen;
  if (value < 1e-9) return { low: 0, high: reach };
  if (value > 1 - 1e-9) return { low: 1 - reach, high: 1 };
  return { low: value, high: value };
}

function expit(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

const HALF_PI = Math.PI / 2;
/** From here on the expansion below is exact to ten digits. */
const MANY = 200;
/** Quantiles of the normal distribution that the intervals of this house use. */
const NORMAL = 1.959963984540054;

/** Give the t of Student's distribution that leaves 2.5% above it, for whole degrees of freedom. */
export function studentT(degreesOfFreedom: number): number {
  if (degreesOfFreedom > MANY) return expansion(degreesOfFreedom);
  let [low, high] = [NORMAL, 13];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (within(middle, degreesOfFreedom) < 0.95) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Give the probability of lying between -t and t.
 *
 * Finite sums for whole degrees of freedom: Abramowitz and Stegun, 26.7.3 and 26.7.4.
 */
function within(t: number, degreesOfFreedom: number): number {
  const angle = Math.atan(t / Math.sqrt(degreesOfFreedom));
  const isOdd = degreesOfFreedom % 2 === 1;
  let [term, sum] = isOdd ? [Math.cos(angle), 0] : [1, 0];
  for (let k = isOdd ? 1 : 0; k <= degreesOfFreedom - 2; k += 2) {
    sum += term;
    term *= (k + 1) / (k + 2) * Math.cos(angle) ** 2;
  }
  return isOdd ? (angle + Math.sin(angle) * sum) / HALF_PI : Math.sin(angle) * sum;
}

/** Cornish and Fisher's expansion: Abramowitz and Stegun, 26.7.5. */
function expansion(n: number): number {
  const z = NORMAL;
  return z + (z ** 3 + z) / (4 * n) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * n ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * n ** 3);
}
