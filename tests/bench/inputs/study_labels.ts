/** Makes labels of the posts of `study_posts.ts`. */
import { COLUMNS as PROBABILITIES } from "../../../classifiers/clients/comment_analyzer_attributes.ts";
import { CLASSIFIERS } from "../../../classifiers/list.ts";
import { CHAT_COLUMNS, SOCIOPOLITICAL_COLUMNS } from "../../../classifiers/reply/reply_columns.ts";
import { labelTable } from "../../../etl/labels/label_file.ts";
import { enterLabelSet, type LabelSet, labelSetId } from "../../../etl/labels/label_set.ts";
import { ANSWER_COLUMNS } from "../../../etl/labels/paid_answer.ts";
import type { Study } from "../../../etl/study/study.ts";
import { type Database, literal } from "../../../etl/store/duckdb.ts";
import type { DataPaths } from "../../../etl/store/paths.ts";
import type { Table } from "../../../etl/store/tables.ts";
import { writeTable } from "./written_table.ts";

interface LabelKind {
  set: LabelSet;
  table: Table;
  /** The share of the posts that passed the filters; of a feed's all are labelled. */
  share: number;
  /** Columns over `day_posts`; null where a label failed. */
  columns: Record<string, string>;
}

const FAILED = 0.01;
const CATEGORIES = [
  "elections",
  "congress",
  "courts",
  "immigration",
  "guns",
  "abortion",
  "climate",
  "war",
  "economy",
  "police",
  "health",
  "media",
];
const LEAN =
  "['left', 'left', 'right', 'moderate', 'unclear'][1 + (hash(author, 'lean') % 5)::INTEGER]";

const KINDS: LabelKind[] = [
  {
    set: labelSet("dictionary", null),
    table: labelTable(CLASSIFIERS.dictionary.columns),
    share: 1,
    columns: {
      is_political: "is_political",
      categories: `if(is_political, ${literal(CATEGORIES)}[(hash(i) % 6 + 1)::INTEGER:(hash(i) % 6 +
        hash(author) % 3 + 1)::INTEGER], [])`,
      score: "if(is_political, 2.0, 0.0)",
      word_count: "length(text) // 6",
    },
  },
  {
    set: labelSet("perspective", "perspective"),
    table: labelTable({ ...PROBABILITIES, ...ANSWER_COLUMNS }),
    share: 0.5,
    columns: Object.fromEntries(
      Object.keys(PROBABILITIES).map((name) => [
        name,
        `round(tone * draw(i, ${literal(name)}), 8)`,
      ]),
    ),
  },
  {
    set: labelSet("sociopolitical", "openai/gpt-oss-20b"),
    table: labelTable({ ...SOCIOPOLITICAL_COLUMNS, ...CHAT_COLUMNS, ...ANSWER_COLUMNS }),
    share: 0.2,
    columns: {
      is_sociopolitical: "is_political OR draw(i, 'in other words') < 0.05",
      lean: `if(is_political OR draw(i, 'in other words') < 0.05, ${LEAN}, NULL)`,
      reason_text: "'Says so in ' || length(text) || ' characters.'",
    },
  },
];

/** Enter the label sets that the labels are of. */
export async function enterLabelSets(
  database: Database,
  paths: DataPaths,
  study: Study,
): Promise<void> {
  for (const { set } of KINDS) await enterLabelSet(database, paths, study, set);
}

/** Label the posts of the table `day_posts`; samples are drawn by one order of posts. */
export async function writeLabels(
  database: Database,
  paths: DataPaths,
  day: string,
): Promise<void> {
  for (const { set, table, share, columns } of KINDS) {
    const isFailed = `draw(i, ${literal(`failed ${set.classifier}`)}) < ${FAILED}`;
    const values = Object.entries(columns).map(([name, sql]) =>
      `CASE WHEN was_successfully_labeled THEN ${sql} END AS ${name}`
    );
    await writeTable(
      database,
      table,
      `SELECT uri, cid, text_hash, ${literal(labelSetId(set))} AS label_set_id,
         NOT ${isFailed} AS was_successfully_labeled,
         if(${isFailed}, 'too_long', NULL) AS reason, reference_time AS label_timestamp,
         if(in_most_liked, 1, ${share}) AS label_prob, ${literal(set.model)} AS model,
         'bench' AS codebook_hash, 'bench' AS run_id, ${values.join(", ")}
       FROM day_posts
       WHERE passed_filters AND (in_most_liked OR draw(i, 'sample') < ${share})
       ORDER BY label_set_id, uri`,
      paths.labels(set.classifier, day),
    );
  }
}

function labelSet(classifier: string, model: string | null): LabelSet {
  return {
    classifier,
    classifier_version: "1",
    model,
    codebook: "us_politics",
    codebook_hash: "bench",
    prompt_hash: null,
    parameters: {},
  };
}
