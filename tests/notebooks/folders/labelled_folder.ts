/** Posts and labels that the views are tried on, by two label sets each. */
import { readAttributes } from "../../../classifiers/codebooks/attribute_codebook.ts";
import { codebookPath } from "../../../classifiers/codebooks/codebook_path.ts";
import { COLUMNS as PERSPECTIVE_COLUMNS } from "../../../classifiers/clients/comment_analyzer_attributes.ts";
import { CLASSIFIERS } from "../../../classifiers/list.ts";
import { CHAT_COLUMNS, SOCIOPOLITICAL_COLUMNS } from "../../../classifiers/reply/reply_columns.ts";
import { attributeColumns } from "../../../classifiers/reply/attribute_reply.ts";
import { labelTable } from "../../../etl/labels/label_file.ts";
import { ANSWER_COLUMNS } from "../../../etl/labels/paid_answer.ts";
import { readStudy } from "../../../etl/study/study.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { LABEL_SETS, POSTS, withColumns } from "../../../etl/store/tables.ts";
import { uri } from "../../raw.ts";
import { writeRows } from "../../table_file.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

/** The day of most of the posts. */
export const DAY = "2026-06-01";
export const SHOWN = "a".repeat(16);
export const OTHER = "b".repeat(16);
const FLAGS = Object.fromEntries(
  Object.keys(readStudy(SHIPPED_STUDY).filters).map((name) => [`flag_${name}`, "BOOLEAN"]),
);

const post = (name: string, cid: string | null, text_hash = `hash ${name}`) => ({
  uri: uri(name),
  cid,
  text_hash,
  passed_filters: true,
});
export const label = (name: string, cid: string | null, more: Record<string, unknown> = {}) => ({
  uri: uri(name),
  cid,
  text_hash: `hash ${name}`,
  label_set_id: SHOWN,
  was_successfully_labeled: true,
  is_political: true,
  ...more,
});

/** Write posts of two days, and labels of the dictionary. */
export async function fill(data: string): Promise<void> {
  const paths = new DataPaths(data);
  const labels = labelTable(CLASSIFIERS.dictionary.columns);
  await writeRows(withColumns(POSTS, FLAGS), [
    post("plain", "c1"),
    post("edited", "c2"),
    post("imported", null),
    post("found again", "c1"),
    post("changed import", null, "hash of the text as it reads now"),
    post("unlabelled", "c1"),
  ], paths.posts(DAY));
  await writeRows(
    withColumns(POSTS, FLAGS),
    [post("plain", "c1")],
    paths.posts("2026-06-02"),
  );
  await writeRows(labels, [
    label("plain", "c1"),
    label("plain", "c1", { label_set_id: OTHER, is_political: false }),
    label("edited", "c1", { text_hash: "hash of the text before" }),
    label("edited", "c2", { is_political: false }),
    label("imported", null),
    label("found again", null),
    label("changed import", null),
    label("gone", "c1"),
  ], paths.labels("dictionary", DAY));
  await writeRows(
    labels,
    [label("unlabelled", "c1"), label("plain", "c0")],
    paths.labels("dictionary", "2026-06-02"),
  );
  await writeRows(
    LABEL_SETS,
    [SHOWN, OTHER].map((id) => ({
      label_set_id: id,
      classifier: "dictionary",
      codebook: "us_politics",
      is_shown: id === SHOWN,
    })),
    paths.labelSets("dictionary"),
  );
}

/** Labels of Perspective by two label sets, and those of another scorer of the same attributes. */
export async function fillPerspective(data: string): Promise<void> {
  const paths = new DataPaths(data);
  const table = labelTable({ ...PERSPECTIVE_COLUMNS, ...ANSWER_COLUMNS });
  const scored = (name: string, prob_toxic: number, more: Record<string, unknown> = {}) =>
    label(name, "c1", { is_political: undefined, prob_toxic, label_prob: 0.25, ...more });
  await writeRows(table, [
    scored("plain", 0.5),
    scored("plain", 0.9, { label_set_id: OTHER }),
    scored("found again", 0.25, { cid: null, label_prob: null }),
    scored("unlabelled", 0, {
      was_successfully_labeled: false,
      reason: "too_long",
      prob_toxic: null,
    }),
    scored("edited", 0.75),
  ], paths.labels("perspective", DAY));
  await writeRows(
    table,
    [scored("plain", 0.1), scored("edited", 0.1, { cid: "c2" })],
    paths.labels("commentguard", DAY),
  );
  for (const classifier of ["perspective", "commentguard"]) {
    await writeRows(
      LABEL_SETS,
      [SHOWN, OTHER].map((id) => ({ label_set_id: id, classifier, is_shown: id === SHOWN })),
      paths.labelSets(classifier),
    );
  }
}

/** Codes of a language model by two label sets, and scores by one. */
export async function fillModel(data: string): Promise<void> {
  const paths = new DataPaths(data);
  const { attributes } = await readAttributes(codebookPath("us_politics", "study.yaml"));
  const codes = { ...SOCIOPOLITICAL_COLUMNS, ...CHAT_COLUMNS, ...ANSWER_COLUMNS };
  const scores = { ...attributeColumns(attributes), ...CHAT_COLUMNS, ...ANSWER_COLUMNS };
  const model = (name: string, more: Record<string, unknown>) =>
    label(name, "c1", { is_political: undefined, label_prob: 0.25, ...more });
  await writeRows(labelTable(codes), [
    model("plain", { is_sociopolitical: true, lean: "left", context_kinds: ["alt_text"] }),
    model("plain", { label_set_id: OTHER, is_sociopolitical: false }),
    model("found again", { cid: null, label_prob: null, is_sociopolitical: false }),
    model("unlabelled", { was_successfully_labeled: false, reason: "refused" }),
    model("edited", { is_sociopolitical: true, lean: "right" }),
  ], paths.labels("sociopolitical", DAY));
  await writeRows(
    labelTable(scores),
    [model("plain", { score_toxic: 0.5, score_respect: 0.25 })],
    paths.labels("attributes", DAY),
  );
  for (const classifier of ["sociopolitical", "attributes"]) {
    await writeRows(
      LABEL_SETS,
      [SHOWN, OTHER].map((id) => ({ label_set_id: id, classifier, is_shown: id === SHOWN })),
      paths.labelSets(classifier),
    );
  }
}
