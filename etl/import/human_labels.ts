import { CLASSIFIER, COLUMNS } from "../labels/coded_posts.ts";
import { createHash } from "node:crypto";
import { type GivenLabel, landGivenLabels } from "./given_labels.ts";
import type { LabelSet } from "../labels/label_set.ts";
import type { Context } from "../command/command.ts";

/** Describe human coding: one label set for each name and set of variables. */
export function humanLabelSet(name: string, variables: string[]): LabelSet {
  return {
    classifier: CLASSIFIER,
    classifier_version: "1",
    model: null,
    codebook: name,
    codebook_hash: createHash("sha256").update(name).digest("hex"),
    prompt_hash: null,
    parameters: { variables: [...variables].sort() },
  };
}

/** Land labels in `labels/human` (see `landGivenLabels`); their values are those by variable. */
export async function landHumanLabels(
  context: Context,
  set: LabelSet,
  labels: GivenLabel[],
): Promise<void> {
  await landGivenLabels(
    context,
    set,
    { table: COLUMNS, read: { labels: `given::JSON::${COLUMNS.labels}` } },
    labels,
  );
}
