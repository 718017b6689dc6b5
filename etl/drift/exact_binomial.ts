/**
 * Give the probability of at least so many heads in some tosses of a fair coin: P(X ≥ heads).
 *
 * One-sided exact binomial test of one half. For discordant pairs it is McNemar's exact test (McNemar
 * 1947, Psychometrika 12); for differences that are not 0 it is the sign test (Conover 1999, "Practical
 * Nonparametric Statistics", 3.4).
 */
export function atLeast(heads: number, tosses: number): number {
  let logTerm = -tosses * Math.LN2;
  let sum = 0;
  for (let count = 0; count <= tosses; count++) {
    if (count > 0) logTerm += Math.log((tosses - count + 1) / count);
    if (count >= heads) sum += Math.exp(logTerm);
  }
  return Math.min(1, sum);
}

/** Give the p-value of the two-sided test, twice that of the larger side; 1 without any toss. */
export function twoSided(heads: number, tosses: number): number {
  return Math.min(1, 2 * atLeast(Math.max(heads, tosses - heads), tosses));
}
