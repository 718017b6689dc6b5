import { Groq, type ServedModel } from "../clients/groq.ts";
import { isGroq } from "../clients/groq_address.ts";
import { NoSuchApiError } from "../clients/groq_refusal.ts";
import { checkModel, describePrice, priceOf } from "../chat/model_price.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";
import { variable } from "../../etl/run/environment.ts";
import { UserError } from "../../etl/run/error.ts";
import { urlVariable } from "../../etl/run/option.ts";
import { TIMEOUT_MS } from "../../etl/doctor/appview_answer.ts";
import { missingKey } from "./classifier_key.ts";
import type { Examination } from "../../etl/doctor/examination.ts";
import { type Finding, ok, problem, warning } from "../../etl/doctor/finding.ts";
import { ofRefusal } from "./service_finding.ts";

/** Classifiers that ask a language model. */
const CHAT_CLASSIFIERS = ["sociopolitical", "attributes"] as const;
const NEAREST = 3;

/** Check the key for the language model; throws a usage error if its form is impossible. */
export async function languageModelKey(examination: Examination): Promise<Finding[]> {
  const classifiers = inStudy(examination);
  if (classifiers.length === 0) return [];
  if (server() !== undefined) {
    return [ok(isOwnServer() ? "GROQ_BASE_URL names a server of your own" : "GROQ_API_KEY is set")];
  }
  return await missingKey(
    examination,
    classifiers,
    "GROQ_API_KEY",
    "Add it to .env (see .env.example), or name a server of your own with GROQ_BASE_URL",
  );
}

/** Ask the server for its models, and check that it has those of the study. */
export async function modelsServed(examination: Examination): Promise<Finding[]> {
  const classifiers = inStudy(examination);
  const groq = server();
  if (classifiers.length === 0 || groq === undefined) return [];
  const task = `classify:${classifiers[0]}`;
  let served: ServedModel[];
  try {
    served = await groq.models(examination.signal);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const isUnlisted = error instanceof NoSuchApiError || error.reason === "invalid_answer";
    if (isOwnServer() && isUnlisted) {
      return [warning(
        `${groq.host} does not say which models it has`,
        `Tasks ask it nevertheless; try deno task ${task} --limit 1`,
      )];
    }
    return [ofRefusal(error, task, "GROQ_API_KEY")];
  }
  return [
    ok(`${groq.host} lists ${served.length} models`),
    ...classifiers.map((classifier) => ofModel(classifier, groq, served, examination)),
  ];
}

function ofModel(
  classifier: string,
  { host }: Groq,
  served: ServedModel[],
  { study }: Examination,
): Finding {
  const { model } = study.classifiers[classifier] as { model?: unknown };
  const where = `classifiers.${classifier}.model`;
  const wanted = String(model);
  try {
    checkModel(wanted, served, study.prices, { task: `classify:${classifier}`, host, where });
    return ok(`${host} serves ${wanted} (classify:${classifier})`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const active = served.filter((it) => it.active !== false).map(({ id }) => id);
    const near = nearest(wanted, active).slice(0, NEAREST)
      .map((id) => `${id} (${describePrice(priceOf(study.prices, id))})`);
    return problem(
      `${host} has no model ${JSON.stringify(wanted)} (${where})`,
      near.length === 0
        ? "It lists no model at all: check GROQ_BASE_URL"
        : `Name another there, such as ${near.join(", ")}; another model makes another label set`,
    );
  }
}

/**
 * Order the models of a service by the likeness of their names to a missing one, by shared pairs of
 * letters.
 */
export function nearest(name: string, others: string[]): string[] {
  const wanted = pairs(name);
  const likeness = (other: string) => {
    const own = pairs(other);
    return 2 * wanted.intersection(own).size / (wanted.size + own.size);
  };
  return others.toSorted((a, b) => likeness(b) - likeness(a) || (a < b ? -1 : 1));
}

function pairs(name: string): Set<string> {
  const letters = name.toLowerCase();
  return new Set([...letters].slice(1).map((letter, index) => `${letters[index]}${letter}`));
}

function inStudy({ study }: Examination): string[] {
  return CHAT_CLASSIFIERS.filter((name) => study.classifiers[name] !== undefined);
}

function baseUrlOf(): string | undefined {
  return urlVariable("GROQ_BASE_URL", "https:", "http:");
}

/**
 * Is the service that classifiers ask one's own? A server that is not Groq's needs no key, and
 * costs nothing.
 */
export function isOwnServer(): boolean {
  const baseUrl = baseUrlOf();
  return baseUrl !== undefined && !isGroq(baseUrl);
}

/** Give a client, undefined where a required key is missing. */
function server(): Groq | undefined {
  const baseUrl = baseUrlOf();
  const key = variable("GROQ_API_KEY");
  if (key === undefined && !isOwnServer()) return undefined;
  return new Groq({ key, ...baseUrl ? { baseUrl } : {}, timeoutMs: TIMEOUT_MS });
}
