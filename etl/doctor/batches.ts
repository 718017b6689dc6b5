import { allOpenBatches, isUnderWay, type OpenBatch } from "../labels/open_batch.ts";
import { now } from "../run/clock.ts";
import { duration } from "../run/duration.ts";
import type { Examination } from "./examination.ts";
import { type Finding, ok, warning } from "./finding.ts";

const DAY_MS = 86_400_000;

/** Look for batches that have been under way for more than a day; throws for one that is damaged. */
export async function batches({ paths }: Examination): Promise<Finding[]> {
  const old = (await allOpenBatches(paths)).filter((batch) =>
    isUnderWay(batch) && ageOf(batch) > DAY_MS
  );
  if (old.length === 0) return [ok("no batch is older than a day")];
  return [...Map.groupBy(old, ({ classifier }) => classifier)].map(([classifier, batches]) => {
    const posts = batches.reduce((sum, batch) => sum + batch.posts, 0);
    const folders = [...new Set(batches.flatMap(({ folder }) => folder ?? []))];
    const age = duration(Math.max(...batches.map(ageOf)));
    const task = `deno task classify:${classifier}`;
    return warning(
      `${batches.length} ${batches.length === 1 ? "batch" : "batches"} of classify:${classifier} ` +
        `(${posts.toLocaleString("en")} posts) have been under way for up to ${age}`,
      folders.length > 0
        ? `Answer the files in ${
          folders.join(", ")
        } with vllm run-batch, then run ${task} --batch-files`
        : `Run ${task} --batch, which lands what is ready; Groq keeps a batch for a week at most`,
    );
  });
}

function ageOf({ written_at }: OpenBatch): number {
  return now().getTime() - Date.parse(written_at);
}
