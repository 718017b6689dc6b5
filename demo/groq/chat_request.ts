/** The checks of `POST /chat/completions`, with Groq's words for what is wrong. */
import { z } from "zod";
import { GroqError } from "./groq_reply.ts";
import { checkSchema, type ResponseFormat } from "./response_schema.ts";
import type { ServedModel } from "./served_model.ts";

const ROLES = ["system", "developer", "user", "assistant"] as const;

/** Unknown properties are refused, and so are those that this server knows nothing to do with. */
const Request = z.strictObject({
  model: z.string(),
  messages: z.array(z.strictObject({
    role: z.enum(ROLES),
    content: z.string(),
    name: z.string().optional(),
  })).min(1),
  response_format: z.union([
    z.strictObject({ type: z.enum(["text", "json_object"]) }),
    z.strictObject({
      type: z.literal("json_schema"),
      json_schema: z.strictObject({
        name: z.string(),
        description: z.string().optional(),
        strict: z.boolean().nullish(),
        schema: z.record(z.string(), z.unknown()).optional(),
      }),
    }),
  ]).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  n: z.literal(1).nullish(),
  stream: z.literal(false).nullish(),
  reasoning_effort: z.string().nullish(),
  reasoning_format: z.enum(["hidden", "raw", "parsed"]).nullish(),
  include_reasoning: z.boolean().nullish(),
  service_tier: z.enum(["auto", "on_demand", "flex", "performance"]).nullish(),
  user: z.string().nullish(),
});

/** A request that the demo's Groq understood. */
export interface ChatCompletionRequest {
  model: string;
  messages: { role: typeof ROLES[number]; content: string }[];
  response_format?: ResponseFormat | null;
  max_completion_tokens?: number | null;
  max_tokens?: number | null;
  temperature?: number | null;
  seed?: number | null;
  reasoning_effort?: string | null;
  reasoning_format?: string | null;
  include_reasoning?: boolean | null;
}

/** Read the body of a request; throws the 400 that Groq would answer. */
export function readChatRequest(body: unknown): ChatCompletionRequest {
  const read = Request.safeParse(body);
  if (!read.success) throw badProperty(read.error.issues[0]!, body);
  const request: ChatCompletionRequest = read.data;
  if (request.messages.every(({ content }) => content.isWellFormed())) return request;
  throw new GroqError(400, "'messages' : value is not valid UTF-8", { param: "messages" });
}

/** Throw the 400 of what a model of the demo's Groq cannot do. */
export function checkForModel(request: ChatCompletionRequest, model: ServedModel): void {
  const most = model.max_completion_tokens;
  for (const param of ["max_completion_tokens", "max_tokens"] as const) {
    if ((request[param] ?? 0) <= most) continue;
    throw new GroqError(
      400,
      `\`${param}\` must be less than or equal to \`${most}\`, the maximum value for \`${param}\` ` +
        "is less than the `context_window` for this model",
      { param },
    );
  }
  const effort = request.reasoning_effort;
  if (typeof effort === "string" && !model.efforts.includes(effort)) {
    const message = model.efforts.length === 0
      ? "`reasoning_effort` is not supported with this model"
      : `reasoning_effort must be one of ${or(model.efforts)}`;
    throw new GroqError(400, message, { param: "reasoning_effort" });
  }
  if (request.response_format?.type === "json_schema") {
    checkSchema(request.response_format.json_schema, model);
  }
  if (
    request.response_format?.type === "json_object" &&
    !request.messages.some(({ content }) => /json/i.test(content))
  ) {
    throw new GroqError(
      400,
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type " +
        "'json_object'.",
    );
  }
}

/** Give how many tokens an answer of the demo's Groq may have at most. */
export function completionCap(request: ChatCompletionRequest, model: ServedModel): number {
  return request.max_completion_tokens ?? request.max_tokens ?? model.max_completion_tokens;
}

/** Give the text of the last message of the user, which is what the demo's Groq is to answer. */
export function userMessage(request: ChatCompletionRequest): string {
  return request.messages.findLast(({ role }) => role === "user")?.content ?? "";
}

function badProperty(issue: z.core.$ZodIssue, body: unknown): GroqError {
  const place = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const what = `property '${issue.keys[0]}' is unsupported`;
    if (place === "") return new GroqError(400, what);
    const role = (body as ChatCompletionRequest).messages?.[Number(issue.path[1])]?.role;
    return new GroqError(
      400,
      `'${place}' : for 'role:${role}' the following must be satisfied[('${place}' : ${what})]`,
    );
  }
  const message = issue.path.at(-1) === "role"
    ? `'${issue.path.slice(0, -1).join(".")}' : discriminator property 'role' has invalid value`
    : `'${place}' : ${issue.message}`;
  return new GroqError(400, message, { ...(place && { param: String(issue.path[0]) }) });
}

function or(names: readonly string[]): string {
  return `${names.slice(0, -1).map((name) => `\`${name}\``).join(", ")} or \`${names.at(-1)}\``;
}
