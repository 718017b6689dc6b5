/** Counts of what the demo has made. */
import { type Database, row, rows } from "../etl/store/duckdb.ts";

/** The counts of each stage of the demo. */
export interface StageCounts {
  /** Versions of posts that the firehose brought, before deletions. */
  received: number;
  /** Posts that the most-liked feed gave, each once a day, before deletions. */
  received_most_liked: number;
  collected: Record<string, number>;
  deletions: number;
  posts: number;
  passed_filters: number;
  labelled: number;
  not_labelled: number;
  political: number;
  categories: { category: string; posts: number }[];
  /** Posts with all scores, and posts that Perspective cannot score. */
  scored: number;
  not_scored: number;
  /** Posts that the language model's client coded, and how many of them were shown with a context. */
  coded: number;
  not_coded: number;
  with_context: number;
  sociopolitical: number;
  leans: { lean: string; posts: number }[];
  /** Posts with attribute scores by the language model's client. */
  rated: number;
  not_rated: number;
}

/** Count what each stage has made, from the tables themselves. */
export async function countStages(database: Database, data: string): Promise<StageCounts> {
  const table = (name: string) =>
    `read_parquet('${data.replaceAll("'", "''")}/${name}/*/*.parquet')`;
  const raw = await rows<{ source: string; n: number }>(
    database,
    `SELECT 'firehose' AS source, count(*) AS n FROM ${table("raw/firehose")}
     UNION ALL SELECT 'most_liked', count(*) FROM ${table("raw/most_liked")}`,
  );
  const { received } = await row<{ received: number }>(
    database,
    `SELECT sum(posts) AS received FROM ${table("coverage")}`,
  );
  // Each run says how many; what is left in raw is what nobody deleted.
  const { received_most_liked } = await row<{ received_most_liked: number }>(
    database,
    `SELECT sum((summary->>'$.posts')::BIGINT) AS received_most_liked FROM ${table("runs")}
     WHERE task = 'sync:most-liked'`,
  );
  const posts = await row<{ posts: number; passed_filters: number; deletions: number }>(
    database,
    `SELECT count(*) AS posts, count(*) FILTER (passed_filters) AS passed_filters,
       (SELECT count(*) FROM ${table("raw/tombstones")} WHERE reason <> 'active') AS deletions
       FROM ${table("posts")}`,
  );
  const labels = await row<{ labelled: number; not_labelled: number; political: number }>(
    database,
    `SELECT count(*) FILTER (was_successfully_labeled) AS labelled,
       count(*) FILTER (NOT was_successfully_labeled) AS not_labelled,
       count(*) FILTER (is_political) AS political FROM ${table("labels/dictionary")}`,
  );
  const categories = await rows<{ category: string; posts: number }>(
    database,
    `SELECT category, count(*) AS posts
     FROM (SELECT unnest(categories) AS category FROM ${table("labels/dictionary")})
     GROUP BY category ORDER BY posts DESC, category LIMIT 5`,
  );
  const scores = await row<{ scored: number; not_scored: number }>(
    database,
    `SELECT count(*) FILTER (was_successfully_labeled) AS scored,
       count(*) FILTER (NOT was_successfully_labeled) AS not_scored
     FROM ${table("labels/perspective")}`,
  );
  const codes = await row<
    { coded: number; not_coded: number; with_context: number; sociopolitical: number }
  >(
    database,
    `SELECT count(*) FILTER (was_successfully_labeled) AS coded,
       count(*) FILTER (NOT was_successfully_labeled) AS not_coded,
       count(*) FILTER (was_successfully_labeled AND len(context_kinds) > 0) AS with_context,
       count(*) FILTER (is_sociopolitical) AS sociopolitical
     FROM ${table("labels/sociopolitical")}`,
  );
  const leans = await rows<{ lean: string; posts: number }>(
    database,
    `SELECT lean, count(*) AS posts FROM ${table("labels/sociopolitical")}
     WHERE lean IS NOT NULL GROUP BY lean ORDER BY posts DESC, lean`,
  );
  const ratings = await row<{ rated: number; not_rated: number }>(
    database,
    `SELECT count(*) FILTER (was_successfully_labeled) AS rated,
       count(*) FILTER (NOT was_successfully_labeled) AS not_rated
     FROM ${table("labels/attributes")}`,
  );
  const collected = Object.fromEntries(raw.map(({ source, n }) => [source, n]));
  return {
    received,
    received_most_liked,
    collected,
    ...posts,
    ...labels,
    categories,
    ...scores,
    ...codes,
    leans,
    ...ratings,
  };
}
