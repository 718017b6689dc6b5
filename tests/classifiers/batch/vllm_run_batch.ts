/**
 * Plays `vllm run-batch`: answers each line of a file of requests in vLLM's form, in one file.
 *
 * In the order of the file, the first line is longer than the model takes, and the second met an error of
 * the server. Run with vLLM's arguments `-i FILE -o FILE --model NAME`.
 */
import { parseArgs } from "node:util";
import { codedAnswer, inventedCoder } from "../../../demo/groq/coded_answer.ts";
import type { ChatCompletionRequest } from "../../../demo/groq/chat_request.ts";

interface Line {
  custom_id: string;
  url: string;
  body: ChatCompletionRequest;
}

/** Answer a file of requests. */
export function runBatch(input: string, output: string, model: string): void {
  const lines = Deno.readTextFileSync(input).trimEnd().split("\n").map((line) =>
    JSON.parse(line) as Line
  );
  const answers = lines.map((line, index) => {
    if (line.url !== "/v1/chat/completions" || line.body.model !== model) {
      throw new Error("vLLM would not take this line");
    }
    return JSON.stringify({
      id: `vllm-${index}`,
      custom_id: line.custom_id,
      ...answer(line, index),
    });
  });
  Deno.writeTextFileSync(output, answers.join("\n") + "\n");
}

function answer({ body }: Line, index: number): Record<string, unknown> {
  const response = (status_code: number, body: unknown) => ({
    status_code,
    request_id: `vllm-batch-${index}`,
    body,
  });
  if (index < 2) {
    const [code, message] = index === 0
      ? [400, "This model's maximum context length is 9 tokens"]
      : [500, "EngineCore encountered an issue"];
    const error = { error: { message, type: "BadRequestError", param: null, code } };
    return { response: response(code as number, null), error };
  }
  const message = {
    role: "assistant",
    content: JSON.stringify(codedAnswer(body, inventedCoder(["left", "right", "unclear"]))),
    reasoning_content: null,
    tool_calls: [],
  };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop", stop_reason: null }];
  const usage = { prompt_tokens: 900, total_tokens: 950, completion_tokens: 50 };
  const completion = { id: "chatcmpl-1", object: "chat.completion", created: 1, model: body.model };
  return { response: response(200, { ...completion, choices, usage }), error: null };
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args.slice(1),
    options: {
      input: { type: "string", short: "i" },
      output: { type: "string", short: "o" },
      model: { type: "string" },
    },
  });
  runBatch(values.input!, values.output!, values.model!);
}
