import { type Database, row } from "../store/duckdb.ts";

/** Posts that another one names, as an SQL list. */
const REFERENCES = "[reply_parent_uri, reply_root_uri, quoted_uri]";
/**
 * Pending posts whose references are collected at once: what DuckDB hashes it holds whole, and of a
 * million posts that is more than a run has room for.
 */
const SLICE = 2 ** 17;

/**
 * Collect what the pending posts name into `context_refs` and `context_subjects`, and of the temporary
 * tables `removed` and `hidden` what is said of it into `context_removed`; those two are dropped.
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
      SELECT * FROM (FROM removed UNION ALL SELECT subject_hash, 'infinity'::TIMESTAMP FROM hidden)
      WHERE hash(subject_hash) IN (SELECT subject FROM context_subjects);
    DROP TABLE removed;
    DROP TABLE hidden`);
}
