import { relative } from "node:path";
import type { DataPaths } from "./paths.ts";

/** A place, and what its files hold of posts. */
interface Place {
  /** Paths below the data folder. */
  files: RegExp;
  /** Posts, their authors, or what was said of them; undefined where there is nothing of that kind. */
  holds?: string;
}

const PARQUET = "[^/]+\\.(?:parquet|compacted)";
const DAY = "date=[^/]+";
const under = (folder: string, rest = ".+") => new RegExp(`^${folder}/${rest}$`);

/**
 * Every place of a data folder where tasks write. What holds posts is purged (`etl/deletion/purge.ts`), pages
 * excepted; a file in none of these places is nobody's, and no deletion reaches it.
 */
export const PLACES: readonly Place[] = [
  { files: under("raw/tombstones", `${DAY}/${PARQUET}`) },
  { files: under("raw/[^/]+", `${DAY}/${PARQUET}`), holds: "posts as they came, contexts" },
  { files: under("journal", "[^/]+/[^/]+\\.jsonl"), holds: "what came and has not landed" },
  { files: under("posts", `${DAY}/${PARQUET}`), holds: "posts" },
  { files: under("labels/[^/]+", `${DAY}/${PARQUET}`), holds: "labels, answers, notes of coders" },
  { files: under("replicates/[^/]+", `${DAY}/${PARQUET}`), holds: "answers about anchors" },
  { files: under("anchors", PARQUET), holds: "uris of anchors" },
  { files: under("panels/[^/]+"), holds: "frozen posts with their scores" },
  { files: under("answers/[^/]+"), holds: "paid answers that are no labels yet" },
  { files: under("batches/[^/]+"), holds: "requests with posts, and their uris" },
  { files: under("quarantine", "[^/]+/date=[^/]+\\.jsonl"), holds: "what was set aside" },
  { files: under("exports"), holds: "keys and uris of posts; people lay copies here" },
  { files: under("reports"), holds: "pages, which are as old as they are" },
  { files: under("archive"), holds: "raw parts of old days" },
  { files: under("coverage", `${DAY}/${PARQUET}`) },
  { files: under("windows", `${DAY}/${PARQUET}`) },
  { files: under("aggregates", `${DAY}/${PARQUET}`) },
  { files: under("runs", `${DAY}/${PARQUET}`) },
  { files: under("label_sets", PARQUET) },
  { files: under("(samples|quotas|spending)", "[^/]+/[^/]+\\.json") },
  { files: under("(locks|logs|slurm|crontabs)") },
  {
    files:
      /^(\.hash_key|\.bluesky_session\.json|NOTICE\.txt|README\.md|(archive|recheck|incidents|compaction)\.json|incidents\.reserve)$/,
  },
  // Half-written files of runs that were killed are removed an hour after; spills with the next run.
  { files: /\.[0-9a-f]{8}\.part$/, holds: "anything" },
  { files: under("tmp-[^/]+"), holds: "anything" },
];

/** What systems lay into folders. */
const OF_THE_SYSTEM = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|\.nfs[0-9a-f]+)$/;

/** List the files under a data folder that are in none of the places where tasks write, in order. */
export function nobodysFiles(paths: DataPaths): string[] {
  return paths.everyFile().map(({ path }) => path).filter((path) => {
    const name = relative(paths.root, path).replaceAll("\\", "/");
    return !OF_THE_SYSTEM.test(name) && !PLACES.some(({ files }) => files.test(name));
  });
}
