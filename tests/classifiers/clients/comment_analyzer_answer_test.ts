import assert from "node:assert/strict";
import {
  ATTRIBUTES,
  COLUMNS,
  CommentAnalyzer,
} from "../../../classifiers/clients/comment_analyzer.ts";
import { ServiceError } from "../../../etl/answers/service_error.ts";
import "../../common_environment.ts";

const { readAnswer } = CommentAnalyzer;

function answer(scores: Record<string, unknown>, more = {}): string {
  const attributeScores = Object.fromEntries(
    Object.entries(scores).map(([name, value]) => [
      name,
      { summaryScore: { value, type: "PROBABILITY" } },
    ]),
  );
  return JSON.stringify({ attributeScores, languages: ["en"], ...more });
}

function problemOf(raw: string): ServiceError {
  try {
    readAnswer(raw);
  } catch (error) {
    assert.ok(error instanceof ServiceError, Deno.inspect(error));
    return error;
  }
  assert.fail(`no error: ${raw}`);
}

Deno.test("every attribute lands in its own column", () => {
  const names = Object.keys(ATTRIBUTES);
  const row = readAnswer(answer(Object.fromEntries(names.map((name, at) => [name, at / 100]))));
  names.forEach((name, at) => assert.equal(row[ATTRIBUTES[name]!], at / 100, name));
  assert.deepEqual(Object.keys(row), Object.keys(COLUMNS));
});

Deno.test("attributes that are missing are null, and those that nobody asked for are left out", () => {
  const row = readAnswer(answer({ TOXICITY: 0.1, TOXICITY_FAST: 0.9, constructor: 0.9 }));
  const { prob_toxic, ...others } = row;
  assert.equal(prob_toxic, 0.1);
  assert.deepEqual(new Set(Object.values(others)), new Set([null]));
  assert.equal(Object.keys(row).length, 22);
});

Deno.test("prob_constructive is null and never a copy of prob_reasoning", () => {
  const row = readAnswer(answer({ REASONING_EXPERIMENTAL: 0.7 }));
  assert.deepEqual([row.prob_reasoning, row.prob_constructive], [0.7, null]);
});

Deno.test("scores reach from 0 to 1, both included, and keep all their digits", () => {
  for (const value of [0, 1, 0.37751234, 5e-324, 0.1 + 0.2]) {
    assert.equal(readAnswer(answer({ TOXICITY: value })).prob_toxic, value);
  }
});

Deno.test("a score that is none makes the whole answer invalid", () => {
  for (const value of [-0.001, 1.001, 100, "0.5", null, true, [0.5], {}]) {
    const error = problemOf(answer({ INSULT: 0.5, TOXICITY: value }));
    assert.deepEqual([error.problem, error.reason], ["passing", "invalid_answer"]);
  }
  for (const score of ["null", "{}", "[]", "1e999", '{"value":1e999}', '{"type":"PROBABILITY"}']) {
    const raw = `{"attributeScores":{"TOXICITY":{"summaryScore":${score}}}}`;
    assert.equal(problemOf(raw).reason, "invalid_answer", raw);
  }
  const deviation = { TOXICITY: { summaryScore: { value: 0.5, type: "STD_DEV_SCORE" } } };
  assert.equal(problemOf(JSON.stringify({ attributeScores: deviation })).reason, "invalid_answer");
});

Deno.test("what is no answer of a Comment Analyzer is invalid, and is not quoted", () => {
  const whole = answer({ TOXICITY: 0.5 });
  const broken = ["", "{", "null", "[]", "5", '"x"', "<html>", "{}", '{"attributeScores":[]}'];
  for (const raw of [...broken, whole.slice(0, -1), `${whole}${whole}`, '{"secret text":1}']) {
    const error = problemOf(raw);
    assert.deepEqual([error.problem, error.reason], ["passing", "invalid_answer"], raw);
    assert.doesNotMatch(Deno.inspect(error, { showHidden: true }), /secret text|<html>/);
    assert.equal(error.cause, undefined);
  }
});

Deno.test("an answer in which every attribute was dropped is not asked for again", () => {
  for (const raw of [answer({}, { languages: ["xx"] }), '{"languages":["xx"]}']) {
    const error = problemOf(raw);
    assert.deepEqual([error.problem, error.reason], ["rejected", "language_not_supported"]);
  }
});
