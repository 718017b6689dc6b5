/** Answers of the loopback Groq to the questions of codebooks: consistent, by id, without meaning. */
import { readFence, type ShownPost } from "../../classifiers/prompt/material.ts";
import { type ChatCompletionRequest, userMessage } from "./chat_request.ts";
import { INVENTED, uniform } from "./invented_answer.ts";
import type { JsonSchema } from "./response_schema.ts";

/** Give what the demo's Groq says of a post, without its id; `fields` are those of the schema. */
export type Coder = (post: ShownPost, fields: string[]) => Record<string, unknown>;

/** Answer a request as a coder codes each post of its material. */
export function codedAnswer(request: ChatCompletionRequest, code: Coder): unknown {
  const format = request.response_format;
  const schema = format?.type === "json_schema" ? format.json_schema.schema! : {};
  const posts = readFence(userMessage(request));
  const list = propertiesOf(schema).posts;
  if (list === undefined) return code(posts[0]!, Object.keys(propertiesOf(schema)));
  const fields = Object.keys(propertiesOf(list.items as JsonSchema)).filter((name) =>
    name !== "id"
  );
  return { posts: posts.map((post) => ({ id: post.id, ...code(post, fields) })) };
}

/** Give a coder whose labels hang on a hash of the post alone; of `leans` where it is sociopolitical. */
export function inventedCoder(leans: string[]): Coder {
  return (post, fields) => {
    const at = (name: string) => uniform(`${name} ${JSON.stringify([post.text, post.context])}`);
    const isSociopolitical = at("is_sociopolitical") < 0.4;
    const said: Record<string, unknown> = {
      reason: INVENTED,
      is_sociopolitical: isSociopolitical,
      lean: isSociopolitical ? leans[Math.floor(at("lean") * leans.length)] : null,
    };
    return Object.fromEntries(
      fields.map((name) => [name, name in said ? said[name] : Math.round(100 * at(name)) / 100]),
    );
  };
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema.properties ?? {}) as Record<string, JsonSchema>;
}
