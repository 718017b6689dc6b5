/** The labels of the sample as a language model gives them. */
import { type ShownPost, withoutIdentifiers } from "../../classifiers/prompt/material.ts";
import { type Coder, inventedCoder } from "./coded_answer.ts";
import type { Sample, SamplePost } from "../sample/sample.ts";

/**
 * Give a coder by which the demo's Groq gives each post the sample's own values: whether it is sociopolitical,
 * its lean, and the attribute scores of its tone. Other values are invented.
 *
 * Throws where posts that look alike have different values, as the request would be ambiguous.
 */
export function sampleCoder(sample: Sample): Coder {
  const posts = new Map<string, SamplePost>();
  for (const post of sample.posts) {
    const key = keyOf({
      text: withoutIdentifiers(post.text),
      context: (post.alt ?? []).map((text) => ({ kind: "alt_text", text })),
    });
    const other = posts.get(key);
    if (other && codes(other) !== codes(post)) {
      throw new Error(`posts ${other.id} and ${post.id} look alike and have different labels`);
    }
    posts.set(key, post);
  }
  const invented = inventedCoder([]);
  return (shown, fields) => {
    const post = posts.get(keyOf(shown));
    if (post === undefined) throw new Error("the sample has no such post");
    const said: Record<string, unknown> = {
      is_sociopolitical: post.sociopolitical,
      lean: post.lean ?? null,
      ...sample.tones[post.tone],
    };
    const known = fields.filter((name) => name in said).map((name) => [name, said[name]]);
    return { ...invented(shown, fields), ...Object.fromEntries(known) };
  };
}

/** Posts with only pictures are distinguished by the alt texts. */
function keyOf({ text, context = [] }: ShownPost): string {
  if (text.trim() !== "") return text;
  return JSON.stringify(context.filter(({ kind }) => kind === "alt_text"));
}

function codes({ sociopolitical, lean, tone }: SamplePost): string {
  return JSON.stringify([sociopolitical, lean, tone]);
}
