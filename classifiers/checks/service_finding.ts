import { ServiceError } from "../engine/contract/service_error.ts";
import { type Finding, problem, warning } from "../../etl/doctor/finding.ts";

/** Say what the refusal of a paid service means, the network, the key and the quota told apart. */
export function ofRefusal(error: ServiceError, task: string, key: string): Finding {
  switch (error.problem) {
    case "rate_limited":
      return warning(
        `quota: ${error.message}; it takes ${key}`,
        "Look again later. Where it lasts, another program uses the key, or study.yaml names a quota " +
          "above the one that it has",
      );
    case "passing":
    case "cut":
      return problem(
        `network: ${error.message}`,
        `Check the network and the address, then look again; until then ${task} labels nothing`,
      );
    case "rejected":
      return warning(
        `${error.message}, which was a harmless one`,
        `Look what deno task ${task} --limit 1 says`,
      );
    default:
      return problem(
        `rejected: ${error.message}`,
        `Mend that before ${task} runs; what is labelled stays`,
      );
  }
}
