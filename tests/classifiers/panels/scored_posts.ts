/** Posts with Perspective's scores, as tables hold them. */
import { COLUMNS } from "../../../classifiers/clients/comment_analyzer_attributes.ts";
import { labelTable } from "../../../etl/labels/label_file.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { LABEL_SETS, POSTS } from "../../../etl/store/tables.ts";
import { uri } from "../../raw.ts";
import { writeRows } from "../../table_file.ts";

export const LABEL_SET = "a".repeat(16);
const LABELS = labelTable(COLUMNS);

/** A post and what Perspective said of it. */
export interface ScoredPost {
  name: string;
  day: string;
  prob_toxic: number;
  label_prob: number | null;
  /** What the label row has otherwise than every score in the shown label set. */
  label?: Record<string, unknown>;
}

/** Give a label row with all scores, those that the service serves today. */
export function labelRow(uri: string, cid: string, more: Record<string, unknown>) {
  const scores = Object.keys(COLUMNS).map((name) => [name, 0.5]);
  return {
    uri,
    cid,
    label_set_id: LABEL_SET,
    was_successfully_labeled: true,
    label_timestamp: "2026-06-09 00:00:00",
    ...Object.fromEntries(scores),
    prob_constructive: null,
    ...more,
  };
}

/** Write label rows of a day, and which label set is shown. */
export async function writeLabels(
  data: string,
  day: string,
  rows: Record<string, unknown>[],
): Promise<void> {
  const paths = new DataPaths(data);
  await writeRows(LABELS, rows, paths.labels("perspective", day));
  await writeRows(LABEL_SETS, [
    { label_set_id: LABEL_SET, classifier: "perspective", model: "one", is_shown: true },
    { label_set_id: "b".repeat(16), classifier: "perspective", model: "other", is_shown: false },
  ], paths.labelSets("perspective"));
}

/** Write posts and their labels. */
export async function writeScored(data: string, posts: ScoredPost[]): Promise<void> {
  const paths = new DataPaths(data);
  for (const [day, found] of Map.groupBy(posts, (post) => post.day)) {
    await writeRows(
      POSTS,
      found!.map(({ name }) => ({
        uri: uri(name),
        cid: name,
        did: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa",
        reference_time: `${day} 10:00:00`,
        text: `text of ${name}`,
        detected_language: "en",
        passed_filters: true,
      })),
      paths.posts(day),
    );
    await writeLabels(
      data,
      day,
      found!.map(({ name, prob_toxic, label_prob, label }) =>
        labelRow(uri(name), name, { prob_toxic, label_prob, ...label })
      ),
    );
  }
}
