import { UserError } from "../../etl/run/error.ts";
import { delay } from "../../etl/run/pause.ts";
import type { ModelPrices } from "../../etl/study/study.ts";
import type { Groq, ServedModel } from "../clients/groq.ts";
import { NoSuchApiError } from "../clients/groq_refusal.ts";
import { checkModel } from "./model_price.ts";
import { ServiceError } from "../../etl/answers/service_error.ts";

/** The models to check, and the task that asks. */
export interface ModelCheck {
  model: string;
  prices: ModelPrices;
  task: string;
  /** Place of the setting that names the model. */
  where: string;
  /** A server other than Groq's: some list no models. */
  isOwn: boolean;
  warn(text: string): void;
  signal: AbortSignal;
}

/** Tries of the request for the models, and the first pause between them. */
const [TRIES, PAUSE_MS] = [4, 250];

/** Ask for the models of a server; retry temporary failures. */
async function servedModels(
  groq: Pick<Groq, "models">,
  signal: AbortSignal,
): Promise<ServedModel[]> {
  for (let tries = 1;; tries++) {
    try {
      return await groq.models(signal);
    } catch (error) {
      const isOver = !(error instanceof ServiceError) || error.reason === "invalid_answer" ||
        error.problem === "fatal" || tries >= TRIES || signal.aborted;
      if (isOver) throw error;
      await delay(error.retryAfterMs ?? PAUSE_MS * 2 ** tries, signal);
    }
  }
}

/**
 * Ask a server for its models before anything else, and check that it has the wanted one.
 *
 * An own server that lists no models passes with a warning. If the model is missing, throws a usage error
 * that lists the others. Throws a UserError if a server does not answer or refuses access:
 * it would not label either.
 */
export async function checkServedModel(
  groq: Pick<Groq, "models" | "host">,
  { model, prices, task, where, isOwn, warn, signal }: ModelCheck,
): Promise<void> {
  let served: ServedModel[];
  try {
    served = await servedModels(groq, signal);
  } catch (error) {
    // The run reports the stop itself.
    if (signal.aborted) return;
    if (!(error instanceof ServiceError)) throw error;
    const isUnlisted = error instanceof NoSuchApiError || error.reason === "invalid_answer";
    if (isOwn && isUnlisted) {
      return warn(
        `${groq.host} does not say which models it has: it is unknown whether it has ${model}`,
      );
    }
    throw new UserError(
      `run ${task}`,
      `${groq.host} does not list its models: ${error.message}`,
      "Nothing was asked. Mend this, then run it again",
      { cause: error },
    );
  }
  checkModel(model, served, prices, { task, host: groq.host, where });
}
