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
