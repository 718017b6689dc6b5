import type { FilteredPosts, LabelledPosts } from "./analysed_posts.ts";
import type { CollectedSource } from "./collected_source.ts";
import type { LastRecheck } from "../raw/last_recheck.ts";
import type { TakenBack } from "./taken_back.ts";
import type { TaskRuns } from "./task_runs.ts";

/** All that a data statement rests on. */
export interface MethodsFacts {
  study: string;
  notice: string | undefined;
  written_at: string;
  after_deletion: string;
  feeds: string[];
  filter_descriptions: Record<string, string>;
  sources: CollectedSource[];
  posts: FilteredPosts;
  label_sets: LabelledPosts[];
  taken_back: TakenBack[];
  recheck: LastRecheck;
  runs: TaskRuns[];
}
