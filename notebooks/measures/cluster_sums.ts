/**
 * What a weighted share or mean and its variance are made from.
 *
 * A cluster is what belongs together: the posts of one author, or of one day. `y` is the weighted sum
 * of a cluster's values, `n` the weighted number of its posts. These are the columns of `aggregates`.
 */
export interface ClusterSums {
  clusters: number;
  /** Labelled posts that the sums are of. */
  n_labeled: number;
  sum_y: number;
  sum_n: number;
  sum_y_y: number;
  sum_y_n: number;
  sum_n_n: number;
  /** Weighted sum of the squared values of posts; of shares that is `sum_y`. */
  sum_squares: number;
}

/** The sums of no cluster. */
export const NO_CLUSTERS: ClusterSums = {
  clusters: 0,
  n_labeled: 0,
  sum_y: 0,
  sum_n: 0,
  sum_y_y: 0,
  sum_y_n: 0,
  sum_n_n: 0,
  sum_squares: 0,
};

/** Add the sums of parts that share no cluster, or whose common clusters are taken for several. */
export function addSums(parts: ClusterSums[]): ClusterSums {
  const total = { ...NO_CLUSTERS };
  for (const part of parts) {
    for (const name of Object.keys(total) as (keyof ClusterSums)[]) total[name] += part[name];
  }
  return total;
}

/** Take each part that has posts, such as a day, for one cluster. */
export function sumsOfParts(parts: ClusterSums[]): ClusterSums {
  return addSums(
    parts.filter(({ sum_n }) => sum_n > 0).map((part) => ({
      ...part,
      clusters: 1,
      sum_y_y: part.sum_y ** 2,
      sum_y_n: part.sum_y * part.sum_n,
      sum_n_n: part.sum_n ** 2,
    })),
  );
}
