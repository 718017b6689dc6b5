/** How often a term is used on two sides, for its log-odds. */
export interface TermCount {
  term: string;
  first: number;
  second: number;
}

/** Pseudo-counts of the prior, spread over terms as both sides together use them. */
const PRIOR = 500;

/**
 * Give how distinctive a term is of the first side: its log-odds ratio between the sides over its
 * standard error, less than 0 where it is of the second side.
 *
 * With an informative Dirichlet prior: Monroe, Colaresi and Quinn, Fightin' Words, Political Analysis
 * 16 (2008), equations 16, 20 and 22. `first` and `second` are the sums over all terms.
 */
export function logOdds(count: TermCount, first: number, second: number): number {
  const prior = PRIOR * (count.first + count.second) / (first + second);
  const odds = (y: number, n: number) => (y + prior) / (n + PRIOR - y - prior);
  const difference = Math.log(odds(count.first, first)) - Math.log(odds(count.second, second));
  const variance = 1 / (count.first + prior) + 1 / (count.second + prior);
  return difference / Math.sqrt(variance);
}
