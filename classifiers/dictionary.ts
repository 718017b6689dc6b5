import { z } from "zod";
import { type Context, main } from "../etl/command/command.ts";
import { checkSection } from "../etl/study/section.ts";
import { hashDictionary, readDictionary } from "./codebooks/codebook.ts";
import { CodebookName, codebookPath } from "./codebooks/codebook_path.ts";
import { compile } from "./codebooks/dictionary_match.ts";
import { censusCommand, type FreeClassifier } from "./engine/census.ts";

/** Raised when the same codebook begins to give other labels. */
const VERSION = "1";
const CLASSIFIER = "dictionary";

/** Label columns of `labels/dictionary`, after those that all labels have. */
export const COLUMNS = {
  is_political: "BOOLEAN",
  categories: "VARCHAR[]",
  category_scores: "MAP(VARCHAR, DOUBLE)",
  score: "DOUBLE",
  word_count: "INTEGER",
} as const;

export const Settings = z.strictObject({
  codebook: CodebookName,
});

export const command = censusCommand({
  task: "classify:dictionary",
  description:
    "Label posts by a dictionary: which words of a codebook they use, and whether that makes them political.\n\n" +
    "Needs no key and labels every post; posts that it cannot judge get a reason instead of a label.\n" +
    "docs/dictionary.md says how it scores and what it cannot see.",
  examples: ["deno task classify:dictionary", "deno task classify:dictionary --since 2026-06-01"],
  open,
});

async function open({ study, studyPath }: Context): Promise<FreeClassifier> {
  const where = `${studyPath} (classifiers.${CLASSIFIER})`;
  const { codebook } = checkSection(Settings, study.classifiers[CLASSIFIER], where);
  const { head, dictionary } = await readDictionary(codebookPath(codebook, studyPath));
  const score = compile(dictionary);
  return {
    labelSet: {
      classifier: CLASSIFIER,
      classifier_version: VERSION,
      model: null,
      codebook: head.name,
      codebook_hash: hashDictionary(head.languages, dictionary),
      prompt_hash: null,
      parameters: {},
    },
    columns: COLUMNS,
    counted: { political: "is_political" },
    judge(text, language) {
      if (text.trim() === "") return { reason: "empty" };
      if (!head.languages.includes(language ?? "")) return { reason: "language_not_supported" };
      const { isPolitical, categories, scores, score: sum, wordCount } = score(text);
      return {
        columns: {
          is_political: isPolitical,
          categories,
          category_scores: scores,
          score: sum,
          word_count: wordCount,
        },
      };
    },
  };
}

if (import.meta.main) await main(command);
