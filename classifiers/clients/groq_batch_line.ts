import { z } from "zod";
import { ServiceError } from "../../etl/answers/service_error.ts";
import { KNOWN_CODES, readRefusal } from "./groq_refusal.ts";
import { readJson } from "../../etl/store/json.ts";

const Line = z.object({
  custom_id: z.string(),
  response: z.object({ status_code: z.int(), body: z.unknown().optional() }).nullish().catch(
    undefined,
  ),
  error: z.looseObject({ code: z.unknown().optional() }).nullish().catch(undefined),
});

/** The result of one line of a batch file. */
export interface BatchLine {
  /** The id that its request had. */
  customId: string;
  /** The response body as JSON, as a live request would have had it; undefined where it was refused. */
  body: string | undefined;
  /** Why there is no answer; undefined where there is one. */
  problem: ServiceError | undefined;
}

/**
 * Read a line of the output file or of the error file of a batch.
 *
 * Gives undefined where it is no such line. `vllm run-batch` writes both kinds into one file. A line
 * that the batch did not reach before it ended has failed for now (`unavailable`).
 */
export function readBatchLine(text: string, host: string, model: string): BatchLine | undefined {
  const { data } = Line.safeParse(readJson(text));
  if (data === undefined) return undefined;
  const { custom_id: customId, response, error } = data;
  if (response && response.status_code === 200 && !error) {
    return { customId, body: JSON.stringify(response.body), problem: undefined };
  }
  // vLLM gives the reason beside the response; newer releases give it inside too.
  const body = response?.body ?? (error && "error" in error ? error : { error });
  const status = response?.status_code ??
    (KNOWN_CODES.includes(String(error?.code)) ? 400 : undefined);
  const problem = status === undefined
    ? new ServiceError("passing", "unavailable", `${host} did not answer a line of the batch`)
    : readRefusal({ status, headers: new Headers(), body }, host, model);
  return { customId, body: undefined, problem };
}
