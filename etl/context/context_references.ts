import { type Database, row } from "../store/duckdb.ts";
import { SHOWN_POSTS } from "./context_part.ts";

/** Posts that another one names, as an SQL list. */
const REFERENCES = `[${SHOWN_POSTS.map(([, column]) => column).join(", ")}]`;
/**
 * Pending posts whose references are collected at once: DuckDB holds all that it hashes, and for a
 * million posts that is more than a run's memory.
 */
const SLICE = 2 ** 17;

/**
 * Collect the references of pending posts into `context_refs` and `context_subjects`, and from the temporary
 * tables `removed` and `hidden` their removals into `context_removed`; those two are dropped.
 *
 * `posts` is a relation, `pending` a temporary table with the column `post`; `subjects` give the keyed
 * hashes of a post and of its author from its `uri`.
 */
export async function collectReferences(
  database: Database,
  { posts, pending, subjects: [post, author] }: {
    posts: string;
    pending: string;
    subjects: [post: string, author: string];
  },
): Promise<void> {
  const { count } = await row<{ count: number }>(
    database,
    `SELECT count(*) AS count FROM ${pending}`,
  );
  const slices = Math.ceil(count / SLICE);
  await database.run(`
    CREATE OR REPLACE TEMP TABLE context_named (ref UBIGINT, subject UBIGINT, author UBIGINT);
    CREATE OR REPLACE TEMP TABLE context_subjects (subject UBIGINT)`);
  for (let slice = 0; slice < slices; slice++) {
    await database.run(`INSERT INTO context_named
      SELECT DISTINCT hash(uri), hash(${post}), hash(${author})
      FROM (SELECT unnest(${REFERENCES}) AS uri FROM ${posts}
        WHERE hash(uri) % ${slices} = ${slice}
          AND hash(uri) IN (SELECT post FROM ${pending} WHERE post % ${slices} = ${slice}))
      WHERE uri IS NOT NULL`);
  }
  for (let slice = 0; slice < slices; slice++) {
    await database.run(`INSERT INTO context_subjects SELECT DISTINCT subject
      FROM (SELECT unnest([subject, author]) AS subject FROM context_named)
      WHERE subject % ${slices} = ${slice}`);
  }
  await database.run(`
    CREATE OR REPLACE TEMP TABLE context_refs AS SELECT ref FROM context_named;
    DROP TABLE context_named;
    CREATE OR REPLACE TEMP TABLE context_removed AS
      SELECT * FROM (SELECT subject_hash, removed_at FROM removed UNION ALL SELECT subject_hash, 'infinity'::TIMESTAMP FROM hidden)
      WHERE hash(subject_hash) IN (SELECT subject FROM context_subjects);
    DROP TABLE removed;
    DROP TABLE hidden`);
}
