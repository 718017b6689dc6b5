import { z } from "zod";
import { describePerspectiveEnd } from "../etl/study/perspective_end.ts";
import { now } from "../etl/run/clock.ts";
import { type Context } from "../etl/command/command.ts";
import { variable } from "../etl/run/environment.ts";
import { EXIT, UserError } from "../etl/run/error.ts";
import { urlVariable } from "../etl/run/option.ts";
import { checkSection } from "../etl/study/section.ts";
import {
  COLUMNS,
  CommentAnalyzer,
  MAX_BYTES,
  ROOT_URL,
  serviceEnd,
} from "./clients/comment_analyzer.ts";
import { labellingCommand, type LabellingOptions } from "./engine/labelling_command.ts";
import { LabellingSettings, TimeoutSeconds } from "../etl/study/labelling_settings.ts";
import type { PaidClassifier } from "./engine/paid_classifier.ts";

export { COLUMNS };

/** Raised when the request about the same post changes. */
const VERSION = "1";
const CLASSIFIER = "perspective";

/** The section `perspective` of the study. */
export const Settings = z.strictObject({
  /** Detected languages (ISO 639-1) to label; each attribute supports some of them. */
  languages: z.array(z.string().regex(/^[a-z]{2}$/, "is not an ISO 639-1 code such as en")).min(1),
  /** Grapheme clusters; scores of shorter texts mean little. */
  minimum_characters: z.int().min(1),
  /** How long one request may take. */
  timeout_seconds: TimeoutSeconds.default(20),
  ...LabellingSettings,
});

const characters = new Intl.Segmenter("en");

/** The task `classify:perspective`. */
export const command = labellingCommand({
  task: "classify:perspective",
  description:
    "Label posts with Perspective: the probabilities that people find a post toxic, respectful, reasoned …\n\n" +
    "Needs PERSPECTIVE_API_KEY. study.yaml sets the sample and the speed; --dry-run shows posts, cost and\n" +
    "time. You can stop it at any time: answers are kept, and the labelled posts are a random sample. Google\n" +
    "ends the service on 31 December 2026; PERSPECTIVE_ROOT_URL names another server with the same API.",
  examples: [
    "deno task classify:perspective --dry-run",
    "deno task classify:perspective --limit 1000",
    "deno task classify:perspective --since 2026-06-01 --until 2026-06-07",
  ],
  open,
});

/** Read the section `perspective` of the study. */
export function readSettings(section: unknown, where: string): z.infer<typeof Settings> {
  return checkSection(Settings, section, where);
}

/** Give the classifier with the study's settings; only a dry run may lack a key. */
function open(context: Context, { dryRun }: LabellingOptions) {
  const where = `${context.studyPath} (classifiers.${CLASSIFIER})`;
  const section = context.study.classifiers[CLASSIFIER];
  if (section === undefined) {
    throw new UserError(
      "run classify:perspective",
      `${context.studyPath} has no section classifiers.perspective`,
      "Add it as in the study.yaml of the repository",
      { exitCode: EXIT.usage },
    );
  }
  const settings = readSettings(section, where);
  const rootUrl = urlVariable("PERSPECTIVE_ROOT_URL", "https:", "http:") ?? ROOT_URL;
  const key = variable("PERSPECTIVE_API_KEY");
  if (key === undefined && !dryRun) {
    throw new UserError(
      "run classify:perspective",
      "PERSPECTIVE_API_KEY is not set",
      "Add it to .env (see .env.example), then run the task again; classify:dictionary needs no key",
      { exitCode: EXIT.usage },
    );
  }
  const end = serviceEnd(rootUrl, now());
  if (end !== undefined) {
    context.warn(describePerspectiveEnd({ date: end.date, days_left: end.daysLeft }));
  }
  return { classifier: classifier(settings, rootUrl, key), settings };
}

/** Give the classifier `perspective`; without a key it cannot ask. */
export function classifier(
  settings: z.infer<typeof Settings>,
  rootUrl: string,
  key: string | undefined,
): PaidClassifier {
  const timeoutMs = settings.timeout_seconds * 1000;
  const analyzer = key === undefined ? undefined : new CommentAnalyzer({ rootUrl, key, timeoutMs });
  return {
    name: CLASSIFIER,
    service: CLASSIFIER,
    postsPerRequest: 1,
    labelSet: {
      classifier: CLASSIFIER,
      classifier_version: VERSION,
      // Another server gives other scores, even if it is compatible. A port is a place,
      // not an identity: a restarted server may have another.
      model: new URL(rootUrl).hostname,
      codebook: null,
      codebook_hash: null,
      prompt_hash: null,
      parameters: {},
    },
    columns: COLUMNS,
    unscorable({ text, detected_language }) {
      if (text.trim() === "") return "empty";
      if (!settings.languages.includes(detected_language ?? "")) return "language_not_supported";
      if (isShort(text, settings.minimum_characters)) return "text_too_short";
      // A character has at most three bytes in UTF-8 for each of its UTF-16 units.
      if (text.length * 3 > MAX_BYTES && new TextEncoder().encode(text).length > MAX_BYTES) {
        return "too_long";
      }
      return undefined;
    },
    judgedBy: JSON.stringify({
      languages: settings.languages.toSorted(),
      minimum_characters: settings.minimum_characters,
    }),
    request: ({ text, detected_language }) => CommentAnalyzer.request(text, detected_language!),
    weight: () => ({ requests: 1, tokens: 0 }),
    price: () => 0,
    async ask([post], _effort, signal) {
      const { text, detected_language } = post!;
      return { answer: await analyzer!.analyze(text, detected_language!, signal) };
    },
    read: (answer) => CommentAnalyzer.readAnswer(answer),
  };
}

function isShort(text: string, minimum: number): boolean {
  if (text.length < minimum) return true;
  let count = 0;
  for (const _ of characters.segment(text)) {
    if (++count >= minimum) return false;
  }
  return true;
}
