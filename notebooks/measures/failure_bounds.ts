/** What failures leave open: the share if all of them were no, and if all were yes. */
export interface FailureBounds {
  failure_rate: number;
  if_all_no: number;
  if_all_yes: number;
}

/** Weighted sums over posts: labels that say yes, labels, and failures. */
export interface Outcomes {
  sum_y: number;
  sum_n: number;
  sum_failed: number;
}

/** Bound a share by what the posts that could not be labelled might have said; NaN of no post. */
export function failureBounds({ sum_y, sum_n, sum_failed }: Outcomes): FailureBounds {
  const all = sum_n + sum_failed;
  return all > 0
    ? {
      failure_rate: sum_failed / all,
      if_all_no: sum_y / all,
      if_all_yes: (sum_y + sum_failed) / all,
    }
    : { failure_rate: NaN, if_all_no: NaN, if_all_yes: NaN };
}
