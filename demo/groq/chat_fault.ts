/** Faults of a chat completion, in transit or in the model's text. */
import { GroqError } from "./groq_reply.ts";

/** Instead of an answer: an error, silence, a reset connection, half a body. */
const ON_THE_WAY = [
  "flex_capacity",
  "internal",
  "bad_gateway",
  "unavailable",
  "silent",
  "reset",
  "broken_body",
] as const;

/** In the answer: a client must find out by reading it. */
const IN_THE_ANSWER = [
  "prose",
  "refusal",
  "broken_json",
  "unknown_id",
  "missing_id",
  "shuffled_ids",
  "duplicate_id",
  "wrong_label",
  "extra_field",
] as const;

/** What the demo's Groq can do wrong. */
export const CHAT_FAULTS = [...ON_THE_WAY, ...IN_THE_ANSWER] as const;
/** A fault of the demo's Groq. */
export type ChatFault = typeof CHAT_FAULTS[number];
/** The share of requests to the demo's Groq that meet each fault. */
export type ChatFaultShares = Partial<Record<ChatFault, number>>;

/** The words with which the demo's Groq declines to answer. */
export const REFUSED = "I'm sorry, but I can't help with that.";
/** The label, in no label set, with which the demo's Groq answers wrongly. */
export const NO_LABEL = "no such label";

/** Give the error that a fault is answered with, undefined where it is not one. */
export function errorOf(fault: ChatFault | undefined): GroqError | undefined {
  switch (fault) {
    case "flex_capacity":
      return new GroqError(498, "Flex tier capacity exceeded, please try again later.", {
        type: "capacity_exceeded",
        code: "capacity_exceeded",
      });
    case "internal":
      return serverError(500, "Internal Server Error");
    case "bad_gateway":
      return serverError(502, "Bad Gateway");
    case "unavailable":
      return serverError(503, "Service Unavailable");
    default:
      return undefined;
  }
}

function serverError(status: number, message: string): GroqError {
  return new GroqError(status, message, { type: "internal_server_error" });
}

type Item = Record<string, unknown>;

/** Give what the model writes in place of an answer, or the text of the answer where nothing is wrong. */
export function writeAnswer(answer: unknown, fault: ChatFault | undefined): string {
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  switch (fault) {
    case "prose":
      return `Sure! Here is what I think of it:\n\n${text}\n\nLet me know if you need more.`;
    case "refusal":
      return REFUSED;
    case "broken_json":
      return text.slice(0, text.length / 2);
    default:
      return typeof answer === "object" && answer !== null && fault !== undefined
        ? JSON.stringify(spoil(structuredClone(answer) as Item, fault))
        : text;
  }
}

/** Spoil the list of objects in an answer, or the answer itself where it has none. */
function spoil(answer: Item, fault: ChatFault): Item {
  const list = Object.values(answer).find((value): value is Item[] =>
    Array.isArray(value) && typeof value[0] === "object" && value[0] !== null
  );
  const item = list?.[0] ?? answer;
  switch (fault) {
    case "unknown_id":
      item.id = `${item.id ?? ""}0x`;
      break;
    case "missing_id":
      if (list !== undefined && list.length > 1) list.pop();
      else delete item.id;
      break;
    case "shuffled_ids":
      list?.reverse();
      break;
    case "duplicate_id":
      list?.push({ ...item });
      break;
    case "wrong_label": {
      const label = Object.keys(item).find((key) => key !== "id") ?? "id";
      item[label] = NO_LABEL;
      break;
    }
    case "extra_field":
      item.certainty = 1;
      break;
  }
  return answer;
}
