import { CommentAnalyzer, ROOT_URL } from "../clients/comment_analyzer.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";
import { describePerspectiveEnd, perspectiveEnd } from "../../etl/study/perspective_end.ts";
import { readPanelManifest } from "../../etl/labels/panel.ts";
import { variable } from "../../etl/run/environment.ts";
import { urlVariable } from "../../etl/run/option.ts";
import { TIMEOUT_MS } from "../../etl/doctor/appview_answer.ts";
import { missingKey } from "./classifier_key.ts";
import type { Examination } from "../../etl/doctor/examination.ts";
import { type Finding, note, ok, problem, warning } from "../../etl/doctor/finding.ts";
import { ofRefusal } from "./service_finding.ts";

const CLASSIFIER = "perspective";
/** An invented text by nobody. */
const TEXT = "The library opens at nine on weekdays.";
/** This many days before the end, a panel must be drawn now or never. */
const SOON_DAYS = 60;

/** Check the key for Perspective; throws a usage error if its form is impossible. */
export async function perspectiveKey(examination: Examination): Promise<Finding[]> {
  if (examination.study.classifiers[CLASSIFIER] === undefined) return [];
  if (analyzer() !== undefined) return [ok("PERSPECTIVE_API_KEY is set")];
  const remedy = "Add it to .env (see .env.example)";
  return await missingKey(examination, [CLASSIFIER], "PERSPECTIVE_API_KEY", remedy);
}

/** Ask the Comment Analyzer about one invented sentence. */
export async function perspectiveAnswers({ study, signal }: Examination): Promise<Finding[]> {
  const asked = study.classifiers[CLASSIFIER] === undefined ? undefined : analyzer();
  if (asked === undefined) return [];
  try {
    await asked.analyze(TEXT, "en", signal);
    return [ok("Perspective accepts PERSPECTIVE_API_KEY")];
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return [ofRefusal(error, `classify:${CLASSIFIER}`, "PERSPECTIVE_API_KEY")];
  }
}

/** Report when Perspective ends, and whether a panel exists to link a successor. */
export function perspectiveEnds(
  { paths, study }: Examination,
  end = perspectiveEnd(),
): Finding[] {
  if (end === null || study.classifiers[CLASSIFIER] === undefined) return [];
  const said = describePerspectiveEnd(end);
  if (end.days_left < 0) {
    const [found, remedy] = said.split(/(?<=\d)\. /) as [string, string];
    return [problem(found, `${remedy}. Or unset PERSPECTIVE_API_KEY`)];
  }
  const panels: string[] = [];
  for (const name of paths.names("panels")) {
    if (readPanelManifest(paths, name) !== undefined) panels.push(name);
  }
  if (panels.length > 0) {
    return [ok(`Perspective ends on ${end.date}; there is a panel (${panels.join(", ")})`)];
  }
  const say = end.days_left <= SOON_DAYS ? warning : note;
  return [say(
    `Google ends Perspective on ${end.date} (${end.days_left} days), and there is no panel`,
    "Label posts with classify:perspective, then deno task panel: afterwards nothing can link a " +
      "successor to it (docs/perspective.md)",
  )];
}

/** Give a client, undefined without a key. */
function analyzer(): CommentAnalyzer | undefined {
  const rootUrl = urlVariable("PERSPECTIVE_ROOT_URL", "https:", "http:") ?? ROOT_URL;
  const key = variable("PERSPECTIVE_API_KEY");
  return key === undefined
    ? undefined
    : new CommentAnalyzer({ rootUrl, key, timeoutMs: TIMEOUT_MS });
}
