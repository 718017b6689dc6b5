import type { DailyClassifier } from "../etl/daily/classifier_steps.ts";
import { ANSWER_COLUMNS } from "../etl/labels/paid_answer.ts";
import { perspectiveEnd } from "../etl/study/perspective_end.ts";
import { CHAT_COLUMNS, SOCIOPOLITICAL_COLUMNS } from "./reply/reply_columns.ts";
import { ATTRIBUTES, COLUMNS as PERSPECTIVE } from "./clients/comment_analyzer_attributes.ts";

/** The facts about a classifier that other rooms use. */
export interface ListedClassifier extends DailyClassifier {
  /** Its label columns, after those that all labels have; the views show them where none is labelled. */
  columns: Record<string, string>;
}

/** Attributes of Perspective that the codebook `us_politics` has no scores of. */
const UNSCORED = ["prob_sexually_explicit", "prob_flirtation", "prob_spam", "prob_constructive"];

const ASKS_A_MODEL = ["GROQ_API_KEY", "GROQ_BASE_URL"] as const;

/**
 * Every classifier, in the order in which a day runs them.
 *
 * Each stands in a file of its own beside this one, named as it, and has a section of its name under
 * `classifiers` of `study.yaml`.
 */
export const CLASSIFIERS = {
  dictionary: {
    task: "classify:dictionary",
    variables: [],
    columns: {
      is_political: "BOOLEAN",
      categories: "VARCHAR[]",
      category_scores: "MAP(VARCHAR, DOUBLE)",
      score: "DOUBLE",
      word_count: "INTEGER",
    },
  },
  perspective: {
    task: "classify:perspective",
    variables: ["PERSPECTIVE_API_KEY"],
    ended() {
      const end = perspectiveEnd();
      return end !== null && end.days_left < 0
        ? `Google ended Perspective on ${end.date}, and PERSPECTIVE_ROOT_URL names no other`
        : undefined;
    },
    columns: { ...PERSPECTIVE, ...ANSWER_COLUMNS },
  },
  sociopolitical: {
    task: "classify:sociopolitical",
    variables: ASKS_A_MODEL,
    columns: { ...SOCIOPOLITICAL_COLUMNS, ...CHAT_COLUMNS, ...ANSWER_COLUMNS },
  },
  attributes: {
    task: "classify:attributes",
    variables: ASKS_A_MODEL,
    columns: {
      // Those of the codebook us_politics; the columns of others come with their labels.
      ...Object.fromEntries(
        Object.values(ATTRIBUTES).filter((name) => !UNSCORED.includes(name))
          .map((name) => [name.replace("prob_", "score_"), "DOUBLE"]),
      ),
      ...CHAT_COLUMNS,
      ...ANSWER_COLUMNS,
    },
  },
} satisfies Record<string, ListedClassifier>;
