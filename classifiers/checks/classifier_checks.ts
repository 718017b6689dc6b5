import type { Check } from "../../etl/doctor/check.ts";
import { languageModelKey, modelsServed } from "./language_model.ts";
import { perspectiveAnswers, perspectiveEnds, perspectiveKey } from "./perspective.ts";
import { studySettings } from "./study_settings.ts";

/** The checks of `deno task doctor` for classifiers, in the order shown. */
export const CLASSIFIER_CHECKS: Check[] = [
  { name: "settings", group: "the study", look: studySettings },
  { name: "perspective_key", group: "services", look: perspectiveKey },
  {
    name: "perspective_end",
    group: "services",
    look: (examination) => perspectiveEnds(examination),
  },
  { name: "language_model_key", group: "services", look: languageModelKey },
  { name: "perspective", group: "services", isOnline: true, look: perspectiveAnswers },
  { name: "language_model", group: "services", isOnline: true, look: modelsServed },
];
