import { ChatSettings } from "../chat/chat_settings.ts";
import { priceOf } from "../chat/model_price.ts";
import { readDictionary } from "../codebooks/codebook.ts";
import { codebookPath } from "../codebooks/codebook_path.ts";
import { Settings as DictionarySettings } from "../dictionary.ts";
import { Settings as PerspectiveSettings } from "../perspective.ts";
import { Questionnaire } from "../prompt/questionnaire.ts";
import { loadFilters } from "../../etl/filters/load_filters.ts";
import { UserError } from "../../etl/run/error.ts";
import { checkSection } from "../../etl/study/section.ts";
import type { Examination } from "../../etl/doctor/examination.ts";
import { type Finding, ok, problem, warning } from "../../etl/doctor/finding.ts";
import { isOwnServer } from "./language_model.ts";

type Section = (examination: Examination, section: unknown, where: string) => Promise<Finding[]>;

/** How the section of each classifier is checked; each throws what its task would. */
const SECTIONS: Record<string, Section> = {
  async dictionary({ studyPath }, section, where) {
    const { codebook } = checkSection(DictionarySettings, section, where);
    await readDictionary(codebookPath(codebook, studyPath));
    return [];
  },
  // deno-lint-ignore require-await
  async perspective(_, section, where) {
    checkSection(PerspectiveSettings, section, where);
    return [];
  },
  async sociopolitical(examination, section, where) {
    const settings = checkSection(ChatSettings, section, where);
    await Questionnaire.sociopolitical(codebookPath(settings.codebook, examination.studyPath));
    return ofBudget("sociopolitical", settings, examination);
  },
  async attributes(examination, section, where) {
    const settings = checkSection(ChatSettings, section, where);
    await Questionnaire.attributes(codebookPath(settings.codebook, examination.studyPath));
    return ofBudget("attributes", settings, examination);
  },
};

/** Check the sections of `study.yaml` that a task reads only when it runs. */
export async function studySettings(examination: Examination): Promise<Finding[]> {
  const { study, studyPath } = examination;
  const findings = await caught(() => loadFilters(study, studyPath).then(() => []));
  for (const [name, section] of Object.entries(study.classifiers)) {
    const check = SECTIONS[name];
    if (check === undefined) {
      findings.push(warning(
        `${studyPath} has a section classifiers.${name}, which no task reads`,
        `The classifiers are ${Object.keys(SECTIONS).join(", ")}`,
      ));
      continue;
    }
    const where = `${studyPath} (classifiers.${name})`;
    findings.push(...await caught(() => check(examination, section, where)));
  }
  return findings.length > 0 ? findings : [ok("filters and classifiers of study.yaml")];
}

function ofBudget(classifier: string, { model, budget }: ChatSettings, { study }: Examination) {
  const price = priceOf(study.prices, model);
  if (budget !== undefined && price === undefined) {
    return [problem(
      `classifiers.${classifier} has a budget and ${model} no price`,
      `Add it to prices in study.yaml, in US dollars per million tokens (0 on a machine of your own)`,
    )];
  }
  const isFree = isOwnServer() || price !== undefined && price.input + price.output === 0;
  if (budget !== undefined || isFree) return [];
  return [warning(
    `nothing bounds what classify:${classifier} costs`,
    `Add budget: { per_month: … } in US dollars to classifiers.${classifier}`,
  )];
}

async function caught(check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof UserError) return [problem(error.message, error.remedy)];
    throw error;
  }
}
