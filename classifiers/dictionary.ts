import { z } from "zod";
import { type Context } from "../etl/command/command.ts";
import { checkSection } from "../etl/study/section.ts";
import { hashDictionary, readDictionary } from "./codebooks/codebook.ts";
import { CodebookName, codebookPath } from "./codebooks/codebook_path.ts";
import { compile, isUnspaced } from "./codebooks/dictionary_match.ts";
import { CLASSIFIERS } from "./list.ts";
import { censusCommand, type FreeClassifier } from "./engine/census.ts";

/** Raised when the same codebook begins to give other labels; the other is of scripts without spaces. */
const [VERSION, UNSPACED_VERSION] = ["1", "2"];
const CLASSIFIER = "dictionary";

const Settings = z.strictObject({
  codebook: CodebookName,
});

/** The task `classify:dictionary`. */
export const command = censusCommand({
  task: "classify:dictionary",
  description:
    "Label posts with a dictionary: which words of a codebook they use, and whether they are political.\n\n" +
    "Needs no key and labels every post; a post that it cannot judge gets a reason instead of a label.\n" +
    "docs/dictionary.md explains how it scores and what it cannot see.",
  examples: ["deno task classify:dictionary", "deno task classify:dictionary --since 2026-06-01"],
  open,
});

/** Read the section `dictionary` of the study, and the codebook that it names. */
export async function readSettings(section: unknown, where: string, studyPath: string) {
  const { codebook } = checkSection(Settings, section, where);
  return await readDictionary(codebookPath(codebook, studyPath));
}

async function open({ study, studyPath }: Context): Promise<FreeClassifier> {
  const where = `${studyPath} (classifiers.${CLASSIFIER})`;
  const section = study.classifiers[CLASSIFIER];
  const { head, dictionary } = await readSettings(section, where, studyPath);
  const score = compile(dictionary);
  return {
    labelSet: {
      classifier: CLASSIFIER,
      classifier_version: isUnspaced(dictionary) ? UNSPACED_VERSION : VERSION,
      model: null,
      codebook: head.name,
      codebook_hash: hashDictionary(head.languages, dictionary),
      prompt_hash: null,
      parameters: {},
    },
    columns: CLASSIFIERS[CLASSIFIER].columns,
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
