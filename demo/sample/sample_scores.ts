/** The scores of the sample as a Comment Analyzer records them. */
import { ATTRIBUTES } from "../../classifiers/clients/comment_analyzer_attributes.ts";
import type { Attribute, Sample } from "./sample.ts";

/** Marks the scores that the sample invents; it stays with every stored answer. */
export const SAMPLE_MARK = "civicsky demo: invented scores";

/**
 * Give the 21 scores of each text that is not empty, by attribute of the API: those of its post's tone.
 *
 * Throws where one text has two tones, as the request would be ambiguous.
 */
export function sampleScores(sample: Sample): Map<string, Record<string, number>> {
  const tones = new Map<string, string>();
  const posts = sample.posts.filter(({ text }) => text.trim() !== "");
  for (const { id, text, tone } of posts) {
    if ((tones.get(text) ?? tone) !== tone) throw new Error(`post ${id}: its text has two tones`);
    tones.set(text, tone);
  }
  return new Map([...tones].map(([text, tone]) => [text, scoresOfTone(sample, tone)]));
}

function scoresOfTone({ tones }: Sample, tone: string): Record<string, number> {
  return Object.fromEntries(
    Object.entries(ATTRIBUTES).map(([attribute, column]) => [
      attribute,
      tones[tone]![column.replace(/^prob_/, "") as Attribute],
    ]),
  );
}
