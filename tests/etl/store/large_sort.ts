/** More than 100 MB of rows to sort. */
export const LARGE_SORT =
  `SELECT count(*) AS n, max(place) AS last FROM (SELECT row_number() OVER (ORDER BY text) AS place
  FROM (SELECT repeat(hash(range)::VARCHAR, 10) AS text FROM range(700000)))`;
