import type { FilteredPosts, LabelledPosts } from "./analysed_posts.ts";
import type { CollectedSource } from "./collected_source.ts";
import type { CreationTimes } from "./creation_times.ts";
import type { LastRecheck } from "../deletion/last_recheck.ts";
import type { SetAside } from "./set_aside.ts";
import type { TaskRuns } from "./task_runs.ts";
import { type Database, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import { TOMBSTONES } from "../store/tables.ts";

/** The facts of a data statement. */
export interface MethodsFacts {
  study: string;
  notice: string | undefined;
  written_at: string;
  after_deletion: string;
  feeds: string[];
  filter_descriptions: Record<string, string>;
  sources: CollectedSource[];
  set_aside: SetAside[];
  posts: FilteredPosts;
  creation_times: CreationTimes;
  label_sets: LabelledPosts[];
  taken_back: TakenBack[];
  recheck: LastRecheck;
  runs: TaskRuns[];
  /** Runs that `runs` lacks, as their rows in the ledger are damaged. */
  damaged_runs: number;
}

/** What a data statement says of posts or accounts removed for a reason, each once. */
export interface TakenBack extends Record<string, unknown> {
  subject_kind: string;
  reason: string;
  subjects: number;
}

/** Count removals for the data statement, by kind and reason; most are of posts that the study never had. */
export async function takenBack(database: Database, paths: DataPaths): Promise<TakenBack[]> {
  const files = paths.files("raw/tombstones").map(({ path }) => path);
  return await rows<TakenBack>(
    database,
    `SELECT coalesce(subject_kind, 'unknown') AS subject_kind, coalesce(reason, 'unknown') AS reason,
       count(DISTINCT subject_hash) AS subjects FROM ${relation(TOMBSTONES, files)}
     GROUP BY ALL ORDER BY subject_kind DESC, subjects DESC, reason`,
  );
}
