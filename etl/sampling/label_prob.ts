import { LABEL_OF_POST } from "../labels/label_file.ts";
import { rateSql, type Sample, turnSql } from "./sample.ts";

/**
 * Give the columns uri, cid and text_hash of a drawn post as 128-bit hashes: a million rows are some 50 MB
 * instead of 200 MB, and `LABEL_OF_POST` joins them like the columns themselves.
 */
export function hashedKeysSql(row: string): string {
  return ["uri", "cid", "text_hash"].map((name) => `md5_number(${row}.${name}) AS ${name}`)
    .join(", ");
}

/** Give a query for the hashed keys of posts, and `turn` and `rate` of each in a sample. */
export function drawnPostsSql(posts: string, sample: Sample): string {
  return `SELECT ${hashedKeysSql("p")}, ${turnSql(sample)} AS turn, ${rateSql(sample)} AS rate
    FROM ${posts} p`;
}

/**
 * Give the query for `share`, the done share of the sample: the smallest turn of a drawn post
 * without a row in `set_labels`; 1 where every drawn post has one. Failures are rows. Both have hashed
 * keys.
 */
export function labelledShareSql(drawnPosts: string): string {
  return `SELECT coalesce(min(turn), 1) AS share FROM (${drawnPosts}) p
    WHERE turn < 1 AND NOT EXISTS (FROM set_labels l WHERE ${LABEL_OF_POST})`;
}

/**
 * Give the inclusion probability of a label row `l` of the drawn post `p` as an SQL expression.
 *
 * It is rate × share for posts whose turn came before the share. The turn of the first post
 * that is not done bounds it: the estimator of sequential Poisson sampling, unbiased at any stop (Duffield,
 * Lund and Thorup 2007, "Priority sampling"). The probability of a row never falls: after a rate
 * was lowered, or a post moved to another stratum, the first draw counts. A post that was
 * done ahead of its turn, after a crash, has null until the posts before it are done.
 */
export function labelProbSql(share: number): string {
  return `greatest(l.label_prob, if(p.turn < ${share}::DOUBLE, p.rate * ${share}::DOUBLE, NULL))`;
}
