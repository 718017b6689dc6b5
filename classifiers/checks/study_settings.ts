import { z } from "zod";
import type { Examination } from "../../etl/doctor/examination.ts";
import { type Finding, ok, problem, warning } from "../../etl/doctor/finding.ts";
import { loadFilters } from "../../etl/filters/load_filters.ts";
import { UserError } from "../../etl/run/error.ts";
import { priceOf } from "../chat/model_price.ts";
import { CLASSIFIERS } from "../list.ts";
import { isOwnServer } from "./language_model.ts";

/** The exports of a classifier's file for this check, beside its command. */
interface CheckedClassifier {
  /** Read its section of `study.yaml` and the files it names; throws the same errors as its task. */
  readSettings(
    section: unknown,
    where: string,
    studyPath: string,
  ): unknown | Promise<unknown>;
}

/** The paid model and its budget. */
const Spends = z.object({ model: z.string(), budget: z.unknown().optional() });

/** Check the sections of classifiers in `study.yaml`, which their tasks read only when they run. */
export async function studySettings(examination: Examination): Promise<Finding[]> {
  const { study, studyPath } = examination;
  const findings = await caught(() => loadFilters(study, studyPath).then(() => []));
  for (const [name, section] of Object.entries(study.classifiers)) {
    if (!Object.hasOwn(CLASSIFIERS, name)) {
      findings.push(warning(
        `${studyPath} has a section classifiers.${name}, which no task reads`,
        `The classifiers are ${Object.keys(CLASSIFIERS).join(", ")}`,
      ));
      continue;
    }
    const { readSettings } = await import(`../${name}.ts`) as CheckedClassifier;
    const where = `${studyPath} (classifiers.${name})`;
    findings.push(
      ...await caught(async () => {
        const spends = Spends.safeParse(await readSettings(section, where, studyPath));
        return spends.success ? ofBudget(name, spends.data, examination) : [];
      }),
    );
  }
  for (const name of study.daily.classifiers ?? []) {
    if (Object.hasOwn(CLASSIFIERS, name)) continue;
    findings.push(problem(
      `daily.classifiers in ${studyPath} names ${
        JSON.stringify(name)
      }, and there is no such classifier`,
      `The classifiers are ${Object.keys(CLASSIFIERS).join(", ")}`,
    ));
  }
  return findings.length > 0 ? findings : [ok("filters and classifiers of study.yaml")];
}

function ofBudget(
  classifier: string,
  { model, budget }: z.infer<typeof Spends>,
  { study }: Examination,
): Finding[] {
  const price = priceOf(study.prices, model);
  if (budget !== undefined && price === undefined) {
    return [problem(
      `classifiers.${classifier} has a budget, but ${model} has no price`,
      `Add it to prices in study.yaml, in US dollars per million tokens (0 on a machine of your own)`,
    )];
  }
  const isFree = isOwnServer() || price !== undefined && price.input + price.output === 0;
  if (budget !== undefined || isFree) return [];
  return [warning(
    `nothing limits the cost of classify:${classifier}`,
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
