/** A day of invented posts, and a classifier that reads invented answers. */
import type { Answer } from "../../../etl/answers/answer_segment.ts";
import type { AnsweredClassifier } from "../../../etl/answers/answer_merge.ts";
import type { LabelledDay, PendingPost } from "../../../etl/sampling/pending.ts";
import type { Rates, Sample } from "../../../etl/sampling/sample.ts";
import type { Stratum } from "../../../etl/labels/stratum.ts";
import { ServiceError } from "../../../etl/answers/service_error.ts";
import { labelSetId } from "../../../etl/labels/label_set.ts";
import type { DataPaths } from "../../../etl/store/paths.ts";
import { POSTS } from "../../../etl/store/tables.ts";
import { uri } from "../../raw.ts";
import { writeRows } from "../../table_file.ts";

export const DAY = "2026-06-01";

/** Reads answers like `{"prob_toxic": 0.5}`. */
export const READER: AnsweredClassifier = {
  labelSet: {
    classifier: "tone",
    classifier_version: "1",
    model: "tone-1",
    codebook: null,
    codebook_hash: null,
    prompt_hash: null,
    parameters: { languages: ["en"] },
  },
  columns: { prob_toxic: "DOUBLE", words: "VARCHAR[]", scores: "MAP(VARCHAR, DOUBLE)" },
  read(raw) {
    try {
      return JSON.parse(raw);
    } catch {
      throw new ServiceError("passing", "invalid_answer", "the answer is no JSON");
    }
  },
};

export const LABELLED: LabelledDay = {
  classifier: "tone",
  labelSetId: labelSetId(READER.labelSet),
  day: DAY,
};

export function sample(rates: Partial<Rates> = {}, seed = "1"): Sample {
  return { seed, rates: { most_liked: 1, passed: 1, filtered_out: 1, ...rates } };
}

/** Write the posts of the day: so many of each stratum, named after it. */
export async function writePosts(
  paths: DataPaths,
  counts: Partial<Record<Stratum, number>>,
  change: (row: Record<string, unknown>, index: number) => Record<string, unknown> = (row) => row,
): Promise<void> {
  const posts = Object.entries(counts).flatMap(([stratum, count]) =>
    Array.from({ length: count }, (_, index) => change(post(stratum as Stratum, index), index))
  );
  await writeRows(POSTS, posts, paths.posts(DAY));
}

function post(stratum: Stratum, index: number) {
  const name = `${stratum}-${index}`;
  return {
    uri: uri(name),
    cid: `cid-${name}`,
    text: `text of ${name}`,
    text_hash: `hash-${name}`,
    detected_language: "en",
    in_most_liked: stratum === "most_liked",
    passed_filters: stratum !== "filtered_out",
  };
}

export function answer(post: Pick<PendingPost, "uri" | "cid" | "text_hash">): Answer {
  return {
    date: DAY,
    uri: post.uri,
    cid: post.cid,
    text_hash: post.text_hash,
    request_hash: `request-${post.text_hash}`,
    answer: JSON.stringify({ prob_toxic: 0.25, words: ["a"], scores: { a: 1 } }),
    reason: null,
    received_at: "2026-06-02T00:00:00.000Z",
    run_id: "run-1",
  };
}
