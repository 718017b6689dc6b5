import { EXIT, UserError } from "../../etl/run/error.ts";
import type { ModelPrice, ModelPrices } from "../../etl/study/study.ts";
import type { ServedModel } from "../clients/groq.ts";

/** Tokens of a request that is to be priced: counted, or the maximum. */
export interface Tokens {
  prompt: number;
  completion: number;
}

/** Give what tokens cost in US dollars. */
export function costOf(price: ModelPrice, tokens: Tokens, isBatch = false): number {
  const live = (tokens.prompt * price.input + tokens.completion * price.output) / 1e6;
  return isBatch ? live * price.batch : live;
}

/** Give the price of a model; undefined where the study names none. */
export function priceOf(prices: ModelPrices, model: string): ModelPrice | undefined {
  return Object.hasOwn(prices, model) ? prices[model] : undefined;
}

/**
 * Give the price of a model for a run with a budget.
 *
 * Throws a usage error where the study names no price: the run could not keep its budget. `where` says
 * where prices stand, such as `study.yaml (classifiers.sociopolitical.prices)`.
 */
export function requirePrice(
  prices: ModelPrices,
  model: string,
  task: string,
  where: string,
): ModelPrice {
  const price = priceOf(prices, model);
  if (price !== undefined) return price;
  throw new UserError(
    `run ${task} within a budget`,
    `${where} has no price for ${model}, if the server has that model`,
    `Add ${
      JSON.stringify(model)
    }: { input: …, output: … } in US dollars per million tokens (0 on a ` +
      "machine of your own), or leave out --max-cost and budget",
    { exitCode: EXIT.usage },
  );
}

/**
 * Check that a server has a model before the first request.
 *
 * Throws a usage error that lists the server's models, with their prices where the study names
 * them.
 */
export function checkModel(
  model: string,
  served: ServedModel[],
  prices: ModelPrices,
  { task, host, where }: { task: string; host: string; where: string },
): void {
  const active = served.filter((it) => it.active !== false);
  if (active.some(({ id }) => id === model)) return;
  // Ollama accepts a model listed as name:latest without :latest too.
  if (active.some(({ id }) => id === `${model}:latest`)) return;
  const listed = active.map(({ id }) => `${id} (${describePrice(priceOf(prices, id))})`).toSorted();
  throw new UserError(
    `run ${task}`,
    `${host} has no model ${JSON.stringify(model)}`,
    listed.length === 0
      ? `It lists no model at all; ${where} names the one that is asked`
      : `Name another in ${where}; it has ${listed.join(", ")}`,
    { exitCode: EXIT.usage },
  );
}

/** Say a price per million tokens of prompt and answer. */
export function describePrice(price: ModelPrice | undefined): string {
  if (price === undefined) return "no price in the study";
  const { input, output, batch } = price;
  const live = `$${input} in, $${output} out`;
  return batch === 1 ? live : `${live}, ${Math.round(batch * 100)}% of that in a batch`;
}
