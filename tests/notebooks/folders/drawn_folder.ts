/** Three days of a firehose of which two hours each were drawn, with labels of one classifier. */
import { labelTable } from "../../../etl/labels/label_file.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { LABEL_SETS, POSTS, WINDOWS } from "../../../etl/store/tables.ts";
import { uri } from "../../raw.ts";
import { writeRows } from "../../table_file.ts";

export const DAYS = ["2026-06-01", "2026-06-02", "2026-06-04"];

export interface DrawnOptions {
  classifier: string;
  columns: Record<string, string>;
  /** Posts of a day by its place. */
  perDay: (at: number) => number;
  did: (index: number) => string;
  /** How likely the hours 3 and 21 were to be drawn. */
  hours: [number, number];
  /** What the label of a post says beyond being one. */
  label: (index: number, at: number) => Record<string, unknown>;
  /** The probability with which posts that no feed has were labelled. */
  label_prob: number;
}

/** Fill a data folder: posts of the feed are labelled for sure, of the others two in three are. */
export async function fillDrawn(data: string, options: DrawnOptions): Promise<void> {
  const { classifier, columns, perDay, did, label, label_prob } = options;
  const paths = new DataPaths(data);
  for (const [at, day] of DAYS.entries()) {
    const posts = Array.from({ length: perDay(at) }, (_, index) => ({
      uri: uri(`${at}-${index}`),
      cid: `c${index}`,
      did: did(index),
      text_hash: `text ${index % 50}`,
      created_at: `${day} ${index % 2 ? "03" : "21"}:10:00`,
      reference_time: `${day} ${index % 2 ? "03" : "21"}:10:05`,
      passed_filters: index % 10 !== 3,
      in_firehose: true,
      in_most_liked: index % 20 === 0,
    }));
    await writeRows(POSTS, posts, paths.posts(day));
    const labels = posts.map(({ uri, cid, text_hash, in_most_liked }, index) => ({
      uri,
      cid,
      text_hash,
      label_set_id: "a",
      label_prob: in_most_liked ? 1 : label_prob,
      was_successfully_labeled: index % 11 !== 0,
      reason: index % 11 === 0 ? "timed_out" : null,
      ...label(index, at),
    })).filter((_, index) => posts[index]!.in_most_liked || index % 3 > 0);
    await writeRows(labelTable(columns), labels, paths.labels(classifier, day));
    const hours = ["03", "21"].map((hour, index) => ({
      source: "firehose",
      opens_at: `${day} ${hour}:00:00`,
      closes_at: `${day} ${hour === "03" ? "04" : "22"}:00:00`,
      window_prob: options.hours[index],
    }));
    await writeRows(WINDOWS, hours, paths.windows("firehose", day));
  }
  await writeRows(
    LABEL_SETS,
    [{ label_set_id: "a", classifier, codebook: "c", is_shown: true }],
    paths.labelSets(classifier),
  );
}
