/** The answers of the Comment Analyzer on loopback. */
import { createHash } from "node:crypto";
import { ATTRIBUTES } from "../../classifiers/clients/comment_analyzer_attributes.ts";
import type { Analysis } from "./analysis_request.ts";

/** What marks an answer whose scores are invented; it stays with the answer wherever that is kept. */
export const DEMO_MARK = "civicsky demo: scores made from a hash of the text, they mean nothing";

const ORDER = Object.keys(ATTRIBUTES);

/** Give an `AnalyzeCommentResponse`: the recorded scores, else those made from the text and a seed. */
export function scoresOf(
  { text, languages, attributes, clientToken }: Analysis,
  recorded: Record<string, number> | undefined,
  seed: number,
): Record<string, unknown> {
  const scores = recorded ?? inventedScores(text, seed);
  const answered = attributes.filter((attribute) => Object.hasOwn(scores, attribute));
  const attributeScores = Object.fromEntries(answered.map((attribute) => {
    const score = { value: scores[attribute], type: "PROBABILITY" };
    const spanScores = [{ begin: 0, end: text.length, score }];
    return [attribute, { spanScores, summaryScore: score }];
  }));
  return {
    attributeScores,
    languages,
    detectedLanguages: languages,
    clientToken: recorded ? clientToken : DEMO_MARK,
  };
}

/** Most texts score low, as with the real service: the cube of a uniform number. */
function inventedScores(text: string, seed: number): Record<string, number> {
  const hash = createHash("sha512").update(`${seed}:${text}`).digest();
  return Object.fromEntries(
    ORDER.map((attribute, index) => [attribute, (hash.readUInt16BE(index * 2) / 65_536) ** 3]),
  );
}
