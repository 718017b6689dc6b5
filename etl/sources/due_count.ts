import { POST_URI } from "../atproto/post.ts";
import { CLASSIFIER as HUMAN } from "../labels/coded_posts.ts";
import { now, utcDay } from "../run/clock.ts";
import type { UserError } from "../run/error.ts";
import { type Database, literal, row, rows } from "../store/duckdb.ts";
import { wholeFiles } from "../store/damage.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths, PartitionFile } from "../store/paths.ts";
import { holdFiles } from "../store/reading.ts";
import { COUNTS, LABELS, POSTS } from "../store/tables.ts";

const HOUR_MS = 3_600_000;
/** The ages between which a post is counted again. */
const AGE_HOURS = { from: 48, until: 96 };
/** A post whose counts are to be taken again. */
export interface DueCount extends Record<string, unknown> {
  uri: string;
  did: string;
  reference_time: string | null;
  /** `reference_time`, else `created_at`: the start of its age. */
  written_at: string;
}

/**
 * Make the temporary table `due_counts` and give how many rows it has.
 *
 * A post is due if it is 48 hours old and not yet 96, a feed brought it or a classifier or a person
 * labelled it, and it was not counted again before. Those of feeds come first, in the order of
 * a hash of the uri, so that the counted posts at any stop are a random sample. Damaged files are left
 * out and their errors given.
 */
export async function collectDueCounts(
  database: Database,
  paths: DataPaths,
): Promise<{ due: number; errors: UserError[] }> {
  await using _files = await holdFiles(paths);
  const time = now().getTime();
  const oldest = new Date(time - AGE_HOURS.until * HOUR_MS);
  const youngest = new Date(time - AGE_HOURS.from * HOUR_MS);
  // The date of a post may lie a day off its reference time.
  const first = utcDay(new Date(oldest.getTime() - 24 * HOUR_MS));
  const last = utcDay(new Date(youngest.getTime() + 24 * HOUR_MS));
  const inReach = ({ day }: PartitionFile) => day !== undefined && day >= first && day <= last;
  const inputs = {
    posts: pathsOf(paths.files("posts").filter(inReach)),
    // People's labels lie by the day that their file names, which may be any.
    labels: paths.names("labels").flatMap((classifier) =>
      pathsOf(
        paths.files(`labels/${classifier}`).filter((file) => classifier === HUMAN || inReach(file)),
      )
    ),
    counts: pathsOf(paths.files("raw/counts").filter(({ day }) => day! >= first)),
  };
  const collect = () =>
    database.run(`CREATE OR REPLACE TEMP TABLE due_counts AS
      SELECT row_number() OVER (ORDER BY in_most_liked DESC, sha256(uri)) - 1 AS place,
        uri, did, reference_time, coalesce(reference_time, created_at) AS written_at
      FROM ${relation(POSTS, inputs.posts)}
      WHERE coalesce(reference_time, created_at) > ${literal(oldest)}
        AND coalesce(reference_time, created_at) <= ${literal(youngest)}
        AND (in_most_liked OR uri IN (
          SELECT uri FROM ${relation(LABELS, inputs.labels)} WHERE was_successfully_labeled))
        AND uri NOT IN (SELECT uri FROM ${relation(COUNTS, inputs.counts)})
        AND regexp_full_match(uri, ${literal(POST_URI)})
      ORDER BY place`);
  const errors: UserError[] = [];
  try {
    await collect();
  } catch (error) {
    // Checking every file before its use would take longer than the rest.
    for (const [name, files] of Object.entries(inputs) as [keyof typeof inputs, string[]][]) {
      const read = await wholeFiles(database, files, "count posts again");
      errors.push(...read.errors);
      inputs[name] = read.whole;
    }
    if (errors.length === 0) throw error;
    await collect();
  }
  const { due } = await row<{ due: number }>(database, "SELECT count(*) AS due FROM due_counts");
  return { due, errors };
}

function pathsOf(files: PartitionFile[]): string[] {
  return files.map(({ path }) => path);
}

/** Give rows of `due_counts` from a place on, in order. */
export function dueCounts(database: Database, from: number, limit: number): Promise<DueCount[]> {
  return rows<DueCount>(
    database,
    `SELECT uri, did, reference_time, written_at FROM due_counts
     WHERE place >= ${from} AND place < ${from + limit} ORDER BY place`,
  );
}
