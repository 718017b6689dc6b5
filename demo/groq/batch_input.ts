/** The checks of a batch's file (https://console.groq.com/docs/batch). */
import { readJson } from "../../etl/store/json.ts";
import { z } from "zod";

/** The address of results: without `openai/`, for any path of the server. */
export const BATCH_URL = "/v1/chat/completions";

const Line = z.strictObject({
  custom_id: z.string().min(1),
  method: z.string(),
  url: z.string(),
  body: z.record(z.string(), z.unknown()),
});
/** A line of an input file of the demo's Batch API. */
export type BatchLine = z.infer<typeof Line>;

/** An error of a line that the demo's Batch API finds; lines count from 1. */
export interface BatchError {
  code: string;
  message: string;
  param: string | null;
  line: number | null;
}

/** A file of requests that the demo's Batch API has read. */
export interface BatchInput {
  lines: BatchLine[];
  /** Any error fails the batch. */
  errors: BatchError[];
  /** Lines that are answered with an error of their own, the others being answered. */
  rejected: { line: BatchLine; error: BatchError }[];
}

/** Read a file of requests as the demo's Batch API does, and find all that is wrong with it. */
export function readBatchInput(content: Uint8Array): BatchInput {
  const input: BatchInput = { lines: [], errors: [], rejected: [] };
  const seen = new Set<string>();
  const texts = new TextDecoder().decode(content).replace(/\n$/, "").split("\n");
  if (texts.length === 1 && texts[0] === "") {
    input.errors.push(wrong("empty_file", "The file has no requests.", null, null));
    return input;
  }
  for (const [index, text] of texts.entries()) {
    const number = index + 1;
    const fail = (code: string, message: string, param: string | null = null) =>
      input.errors.push(wrong(code, message, param, number));
    const parsed = readJson(text);
    if (parsed === undefined) {
      fail("invalid_json_line", "This line is not parseable as valid JSON.");
      continue;
    }
    const read = Line.safeParse(parsed);
    if (!read.success) {
      const issue = read.error.issues[0]!;
      fail("invalid_request", issue.message, issue.path.join(".") || null);
      continue;
    }
    const line = read.data;
    if (seen.has(line.custom_id)) {
      fail("duplicate_custom_id", "The custom_id of this line was already used.", "custom_id");
    }
    seen.add(line.custom_id);
    if (line.url !== BATCH_URL) {
      fail("url_mismatch", `Invalid value: the url must be '${BATCH_URL}'.`, "url");
    }
    if (line.method === "POST") {
      input.lines.push(line);
    } else {
      const message = `Invalid value: '${line.method}'. Supported values are: 'POST'`;
      input.rejected.push({ line, error: wrong("invalid_method", message, "method", number) });
    }
  }
  return input;
}

function wrong(
  code: string,
  message: string,
  param: string | null,
  line: number | null,
): BatchError {
  return { code, message, param, line };
}
