/** Answers of the loopback Groq where it was given none: valid, and without meaning. */
import { createHash } from "node:crypto";
import { type ChatCompletionRequest, userMessage } from "./chat_request.ts";
import type { JsonSchema } from "./response_schema.ts";

/** The text of prose answers and of free strings. */
export const INVENTED = "Invented for the demo from a hash of the prompt.";
/** Finds `id="x"` and `"id": "x"`. */
const IDS = /\bid["']?\s*[=:]\s*["']?([\w-]+)/g;

/**
 * Answer a request with a value of its JSON schema that hangs on the user's message alone.
 *
 * A list of objects with the property `id` gets one object for each id that `ids` finds in the message
 * (its first group). Without a schema the answer is a sentence, or an object with one.
 */
export function inventAnswer(request: ChatCompletionRequest, ids: RegExp = IDS): unknown {
  const format = request.response_format;
  if (format?.type === "json_object") return { answer: INVENTED };
  if (format?.type !== "json_schema") return INVENTED;
  const message = userMessage(request);
  const found = [...message.matchAll(new RegExp(ids, "g"))].map((match) => match[1] ?? match[0]);
  const root = format.json_schema.schema!;
  return new Inventor(root, [...new Set(found)]).invent(root, message);
}

class Inventor {
  constructor(readonly root: JsonSchema, readonly ids: string[]) {}

  /** Give a value of a schema; the seed decides which. */
  invent(schema: JsonSchema, seed: string, id = this.ids[0]): unknown {
    if (typeof schema.$ref === "string") return this.invent(this.#resolve(schema.$ref), seed, id);
    if (Object.hasOwn(schema, "const")) return schema.const;
    if (Array.isArray(schema.enum)) return pick(schema.enum, seed);
    if (Array.isArray(schema.anyOf)) return this.invent(pick(schema.anyOf, seed), `${seed}/`, id);
    const type = Array.isArray(schema.type) ? pick(schema.type, seed) : schema.type;
    switch (type) {
      case "object":
        return this.#object(schema, seed, id);
      case "array":
        return this.#array(schema.items as JsonSchema, seed);
      case "boolean":
        return uniform(seed) < 0.5;
      case "integer":
        return Math.round(between(schema, seed));
      case "number":
        return Math.round(between(schema, seed) * 100) / 100;
      case "string":
        return INVENTED;
      default:
        return null;
    }
  }

  #object(schema: JsonSchema, seed: string, id: string | undefined): Record<string, unknown> {
    const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
    return Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [
        name,
        name === "id" && inner.type === "string" && id !== undefined
          ? id
          : this.invent(inner, `${seed}/${name}`, id),
      ]),
    );
  }

  #array(items: JsonSchema, seed: string): unknown[] {
    const element = typeof items.$ref === "string" ? this.#resolve(items.$ref) : items;
    const hasId = Object.hasOwn((element.properties ?? {}) as object, "id");
    if (!hasId) return [this.invent(items, `${seed}/0`)];
    return this.ids.map((id) => this.invent(items, `${seed}/${id}`, id));
  }

  #resolve(reference: string): JsonSchema {
    let found: unknown = this.root;
    for (const key of reference.split("/").slice(1)) found = (found as JsonSchema)[key];
    return found as JsonSchema;
  }
}

function between({ minimum, maximum }: JsonSchema, seed: string): number {
  const [low, high] = [Number(minimum ?? 0), Number(maximum ?? 1)];
  return low + uniform(seed) * (high - low);
}

function pick<T>(choices: T[], seed: string): T {
  return choices[Math.floor(uniform(seed) * choices.length)]!;
}

/** Give a number from 0 to below 1 that hangs on a text. */
export function uniform(seed: string): number {
  return createHash("sha1").update(seed).digest().readUInt32BE(0) / 2 ** 32;
}
