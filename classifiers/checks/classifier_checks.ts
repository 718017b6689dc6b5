import type { Check } from "../../etl/doctor/check.ts";
import { languageModelKey, modelsServed } from "./language_model.ts";
import { perspectiveAnswers, perspectiveEnds, perspectiveKey } from "./perspective.ts";
import { studySettings } from "./study_settings.ts";

/** What `deno task doctor` looks at for classifiers, in the order in which it is shown. */
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
