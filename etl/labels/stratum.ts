/** Posts of a most-liked feed; the others that pass the filters; the others. */
export const STRATA = ["most_liked", "passed", "filtered_out"] as const;
/** A stratum of posts. */
export type Stratum = typeof STRATA[number];

/** Give the stratum of a row `p` of posts as an SQL expression. */
export const STRATUM_OF_POST = `CASE WHEN p.in_most_liked THEN 'most_liked'
  WHEN p.passed_filters THEN 'passed' ELSE 'filtered_out' END`;
