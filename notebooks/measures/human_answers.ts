import type { Data } from "../query/data.ts";
import type { Labeller } from "./measure.ts";

/** Which answers of people say that a post is political, and for what it argues. */
export interface HumanQuestions {
  /** Any other answer to the question says that it is not. */
  political?: { question: string; answer: string };
  /** The question whose answers are leans. */
  lean?: string;
  /** All questions of the shown label set, in order. */
  all: string[];
}

/** What a name has to hold so that nobody need say what it asks. */
const POLITICAL_WORD = /politic|civic/i;
const LEAN_WORD = /lean|ideolog/i;
const YES = /^(yes|y|true|1|1\.0)$/i;
const NO = /^(no|n|false|0|0\.0)$/i;

/**
 * Find the questions of the shown human labels that ask whether a post is political, and its lean.
 *
 * `political` names a question and an answer, `civic_hand_label=civic`, and `lean` a question. Where
 * they are left out, a question counts that has the word in its name or answers and whose answers are
 * yes and no, or something and not that; the first by name. Throws a `RangeError` where there is no
 * question of a name, or nobody gave that answer to it.
 */
export async function humanQuestions(
  data: Data,
  given: { political?: string; lean?: string } = {},
): Promise<HumanQuestions> {
  const table = await data.sql`
    SELECT question, list(DISTINCT answer ORDER BY answer) AS answers FROM (
      SELECT answered.key AS question, trim(answered.value) AS answer FROM (
        SELECT unnest(map_entries(labels)) AS answered FROM human WHERE was_successfully_labeled))
    GROUP BY question ORDER BY question`;
  const found = table.objects() as { question: string; answers: string[] }[];
  const all = found.map(({ question }) => question);
  const known = (question: string) => {
    if (all.includes(question)) return question;
    throw new RangeError(
      `The human labels have no question ${JSON.stringify(question)}` +
        (all.length > 0 ? `, but ${all.join(", ")}` : ""),
    );
  };
  const knownAnswer = (question: string, answer: string) => {
    const { answers } = found.find((one) => one.question === question)!;
    if (answers.includes(answer)) return answer;
    throw new RangeError(
      `Nobody answered ${JSON.stringify(answer)} to ${question}. The answers are ${
        answers.join(", ")
      }`,
    );
  };
  if (given.political !== undefined) {
    const [, question, answer] = /^([^=]+)=(.+)$/.exec(given.political) ?? [];
    if (question === undefined) {
      throw new RangeError(
        `${JSON.stringify(given.political)} is no question and answer, such as civic_label=civic`,
      );
    }
    return {
      political: { question: known(question), answer: knownAnswer(question, answer!.trim()) },
      lean: lean(),
      all,
    };
  }
  const political = found.flatMap(({ question, answers }) => {
    const answer = yesOf(answers);
    const isMeant = answer !== undefined && POLITICAL_WORD.test(`${question} ${answer}`);
    return isMeant ? [{ question, answer }] : [];
  })[0];
  return { political, lean: lean(), all };

  function lean(): string | undefined {
    if (given.lean !== undefined) return known(given.lean);
    return found.find(({ question }) => LEAN_WORD.test(question))?.question;
  }
}

/** Give the answer that says yes where there are two, and one says no. */
function yesOf(answers: string[]): string | undefined {
  if (answers.length !== 2) return undefined;
  return answers.find((answer) => {
    const other = answers.find((one) => one !== answer)!;
    return YES.test(answer) && NO.test(other) ||
      other.toLowerCase() === `not ${answer.toLowerCase()}`;
  });
}

/**
 * Hold what people answered in memory, as `study.keep` does: `posts_human` has `is_political` and
 * `lean` from then on, and a post on which coders are split has neither.
 *
 * Leans are written as language models' are: “left-leaning” is `left`. Only coded posts are held,
 * unless people are the `labeller` of the figures.
 */
export async function keepAnswers(
  data: Data,
  { political, lean, all }: HumanQuestions,
  selection: { since?: string; until?: string },
  labeller?: Labeller,
): Promise<void> {
  const labelled = labeller !== "human";
  // Where there are no answers, no file of posts need be read to know that.
  const days = labelled && all.length === 0 ? { until: "0001-01-01" } : selection;
  // Written as `labels[key]` it is a list in some releases and a value in others.
  const answer = "trim(list_extract(map_extract(labels, ?::VARCHAR), 1))";
  await data.keep("posts_human", { ...days, labelled }, {
    is_political: {
      sql: `${answer} = ?::VARCHAR`,
      values: [political?.question ?? "", political?.answer ?? ""],
    },
    lean: {
      sql: `regexp_replace(lower(${answer}), '[ -]leaning$', '')`,
      values: [lean ?? ""],
    },
  });
}

/** Say which answers of people count. */
export function describeQuestions({ political, lean, all }: HumanQuestions): string {
  if (all.length === 0) return "There are no labels that people gave.";
  if (political === undefined) {
    return `None of the questions that people answered (${
      all.join(", ")
    }) is known to ask whether ` +
      "a post is political: name it and its answer (humanPolitical).";
  }
  return `People: political where ${political.question} is “${political.answer}”` +
    `${lean === undefined ? "" : `, leans by ${lean}`}; of several coders the most count, and a ` +
    "post on which they are split is left out.";
}

/**
 * Say whose leans are shown: the labeller's, of the dictionary the language model's, and people's where
 * that has labelled nothing and they answered a question about leans.
 */
export async function leanLabeller(
  data: Data,
  { lean }: HumanQuestions,
  labeller: Labeller = "dictionary",
): Promise<"sociopolitical" | "human"> {
  if (labeller !== "dictionary") return labeller;
  if (lean === undefined) return "sociopolitical";
  const found = await data.sql`
    SELECT 1 AS found FROM posts_sociopolitical WHERE was_successfully_labeled LIMIT 1`;
  return found.numRows() > 0 ? "sociopolitical" : "human";
}
