import assert from "node:assert/strict";
import { ModelPrices } from "../../../etl/study/study.ts";
import {
  checkModel,
  costOf,
  describePrice,
  priceOf,
  requirePrice,
} from "../../../classifiers/chat/model_price.ts";
import { UserError } from "../../../etl/run/error.ts";
import "../../common_environment.ts";

const prices = ModelPrices.parse({
  "openai/gpt-oss-20b": { input: 0.075, output: 0.3, batch: 0.5 },
  "local/free": { input: 0, output: 0 },
});
const served = [
  { id: "openai/gpt-oss-20b" },
  { id: "openai/gpt-oss-120b", active: true },
  { id: "retired", active: false },
  { id: "llama3:latest" },
];
const where = "study.yaml (classifiers.sociopolitical)";
const about = { task: "classify:sociopolitical", host: "api.groq.com", where };

function refused(act: () => unknown): UserError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof UserError);
    assert.equal(error.exitCode, 2);
    return error;
  }
  throw new Error("nothing was thrown");
}

Deno.test("a million tokens in and out cost what the study says, and in a batch a part of it", () => {
  const price = priceOf(prices, "openai/gpt-oss-20b")!;
  const tokens = { prompt: 1_000_000, completion: 1_000_000 };
  assert.equal(costOf(price, tokens), 0.375);
  assert.equal(costOf(price, tokens, true), 0.1875);
  assert.ok(Math.abs(costOf(price, { prompt: 560, completion: 47 }) - 5.61e-5) < 1e-12);
  const free = priceOf(prices, "local/free")!;
  assert.deepEqual([costOf(free, tokens), costOf(free, tokens, true), free.batch], [0, 0, 1]);
});

Deno.test("a price below zero, a misspelt one and a name of JavaScript's own are no prices", () => {
  for (
    const price of [{ input: -1, output: 1 }, { input: 1 }, { input: 1, output: 1, cached: 1 }]
  ) {
    assert.ok(!ModelPrices.safeParse({ m: price }).success);
  }
  assert.ok(!ModelPrices.safeParse({ m: { input: 1, output: 1, batch: 50 } }).success);
  assert.equal(priceOf(prices, "constructor"), undefined);
});

Deno.test("a run that must keep to a sum is refused where the study names no price", () => {
  assert.equal(requirePrice(prices, "local/free", "classify:x", where).input, 0);
  const error = refused(() => requirePrice(prices, "openai/gpt-oss-120b", "classify:x", where));
  assert.match(error.message, /study\.yaml.*no price for openai\/gpt-oss-120b/);
  assert.match(error.remedy, /"openai\/gpt-oss-120b": \{ input.*--max-cost/);
});

Deno.test("a model that is not served is an error that lists those that are, with their prices", () => {
  for (const model of ["openai/gpt-oss-20b", "openai/gpt-oss-120b", "llama3", "llama3:latest"]) {
    checkModel(model, served, prices, about);
  }
  for (const model of ["retired", "gpt-5", ""]) {
    const { message, remedy } = refused(() => checkModel(model, served, prices, about));
    assert.ok(message.includes(`api.groq.com has no model ${JSON.stringify(model)}`));
    assert.match(remedy, /openai\/gpt-oss-20b \(\$0\.075 in, \$0\.3 out, 50% of that in a batch\)/);
    assert.match(remedy, /openai\/gpt-oss-120b \(no price in the study\)/);
    assert.ok(!remedy.includes("retired"));
  }
  assert.match(refused(() => checkModel("m", [], prices, about)).remedy, /no model at all/);
});

Deno.test("a price is said for a million tokens", () => {
  assert.equal(describePrice(priceOf(prices, "local/free")), "$0 in, $0 out");
});
