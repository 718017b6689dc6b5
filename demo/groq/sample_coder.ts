/** The labels of the sample as a language model gives them. */
import { type ShownPost, withoutIdentifiers } from "../../classifiers/prompt/material.ts";
import { type Coder, inventedCoder } from "./coded_answer.ts";
import type { Sample, SamplePost } from "../sample/sample.ts";

/**
 * Give a coder that says of each post of the sample what the sample does: whether it is sociopolitical,
 * its lean, and as scores of attributes those of its tone. What the sample does not say is invented.
 *
 * Throws where posts that look alike differ in that, as nobody could say then which one was asked for.
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

/** Posts of pictures alone are told apart by what the pictures show. */
function keyOf({ text, context = [] }: ShownPost): string {
  if (text.trim() !== "") return text;
  return JSON.stringify(context.filter(({ kind }) => kind === "alt_text"));
}

function codes({ sociopolitical, lean, tone }: SamplePost): string {
  return JSON.stringify([sociopolitical, lean, tone]);
}
