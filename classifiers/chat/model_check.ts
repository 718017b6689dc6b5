import { UserError } from "../../etl/run/error.ts";
import { delay } from "../../etl/run/pause.ts";
import type { ModelPrices } from "../../etl/study/study.ts";
import type { Groq, ServedModel } from "../clients/groq.ts";
import { NoSuchApiError } from "../clients/groq_refusal.ts";
import { checkModel } from "./model_price.ts";
import { ServiceError } from "../engine/contract/service_error.ts";

/** Whose model is checked, and for whom. */
export interface ModelCheck {
  model: string;
  prices: ModelPrices;
  task: string;
  /** Where the model is named. */
  where: string;
  /** A server that is not Groq's: some list no models. */
  isOwn: boolean;
  warn(text: string): void;
  signal: AbortSignal;
}

/** How often it is asked what models there are, and the first pause between. */
const [TRIES, PAUSE_MS] = [4, 250];

/** Ask for the models that a server has, again where the failure passes. */
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
 * Ask a server for its models before anything else, and see that the one that is wanted is there.
 *
 * A server of one's own that lists none is believed to have it, with a warning. Throws a usage error that
 * lists those that are there where it is not, and a UserError where a server does not answer or does not
 * let one ask: then it would not label either.
 */
export async function checkServedModel(
  groq: Pick<Groq, "models" | "host">,
  { model, prices, task, where, isOwn, warn, signal }: ModelCheck,
): Promise<void> {
  let served: ServedModel[];
  try {
    served = await servedModels(groq, signal);
  } catch (error) {
    // The run says itself that it was stopped.
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
