import { type StepEnd, stepName } from "./step.ts";

/** Something that went wrong and that a person is to be told of. */
export interface StepIncident {
  /** The same for the same thing on the next day. */
  key: string;
  title: string;
  remedy: string;
}

/** Give what people are to be told of: a task that failed, once however many of its steps did. */
export function incidentsOf(steps: StepEnd[]): StepIncident[] {
  const incidents = steps.filter(({ status }) => status === "failed").map((step) => ({
    key: `daily/${step.task}`,
    title: `deno task ${stepName(step)} failed: ${step.reason}`,
    remedy: step.remedy ?? "",
  }));
  return [...new Map(incidents.reverse().map((incident) => [incident.key, incident])).values()]
    .reverse();
}
