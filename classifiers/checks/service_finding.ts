import { ServiceError } from "../../etl/answers/service_error.ts";
import { type Finding, problem, warning } from "../../etl/doctor/finding.ts";

/** Explain the refusal of a paid service: network, key or quota. */
export function ofRefusal(error: ServiceError, task: string, key: string): Finding {
  switch (error.problem) {
    case "rate_limited":
      return warning(
        `quota: ${error.message}; it accepts ${key}`,
        "Try again later. If it persists, another program uses the key, or study.yaml names a quota " +
          "above that of the key",
      );
    case "passing":
    case "cut":
      return problem(
        `network: ${error.message}`,
        `Check the network and the address, then try again; until then ${task} labels nothing`,
      );
    case "rejected":
      return warning(
        `${error.message}, though it was harmless`,
        `Try deno task ${task} --limit 1`,
      );
    default:
      return problem(
        `rejected: ${error.message}`,
        `Mend this before ${task} runs; existing labels stay`,
      );
  }
}
