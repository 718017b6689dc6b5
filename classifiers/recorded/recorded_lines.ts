import { z } from "zod";

/** A reply that somebody recorded. */
export interface RecordedReply {
  uri: string;
  /** The whole request to the model. */
  prompt: string;
  /** The reply; may be empty. */
  reply: string;
}

/** A line of a file of recorded replies, from 1, or the reason why it is invalid. */
export type RecordedLine =
  | { line: number; raw: string; said: RecordedReply }
  | {
    line: number;
    raw: string;
    reason: "not_utf8" | "not_json" | "not_a_reply" | "line_too_long";
  };

const Recorded = z.strictObject({
  uri: z.string().trim().min(1),
  prompt: z.string(),
  reply: z.string().nullable().transform((reply) => reply ?? ""),
});

/** A prompt and a reply stay below a megabyte; a file without line breaks would fill the memory. */
const LONGEST = 4 * 1024 * 1024;
const BREAK = 0x0A;

/** Read a file of recorded replies, a JSON object a line, in order; empty lines are passed over. */
export async function* recordedLines(path: string): AsyncGenerator<RecordedLine, void> {
  for await (const { line, bytes } of byteLines(path)) {
    const raw = new TextDecoder().decode(bytes).trim();
    if (raw === "") continue;
    if (bytes.length > LONGEST) yield { line, raw, reason: "line_too_long" };
    else yield { line, raw, ...readLine(bytes) };
  }
}

function readLine(
  bytes: Uint8Array,
): { said: RecordedReply } | { reason: "not_utf8" | "not_json" | "not_a_reply" } {
  try {
    const found = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    const checked = Recorded.safeParse(found);
    return checked.success ? { said: checked.data } : { reason: "not_a_reply" };
  } catch (error) {
    if (error instanceof SyntaxError) return { reason: "not_json" };
    if (error instanceof TypeError) return { reason: "not_utf8" };
    throw error;
  }
}

/** Give the lines of a file; a line that is too long is cut just above the limit. */
async function* byteLines(path: string): AsyncGenerator<{ line: number; bytes: Uint8Array }> {
  using file = await Deno.open(path);
  let line = 1;
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of file.readable) {
    let from = 0;
    for (let end = chunk.indexOf(BREAK); end !== -1; end = chunk.indexOf(BREAK, from)) {
      yield { line: line++, bytes: joined(rest, chunk.subarray(from, end)) };
      rest = new Uint8Array();
      from = end + 1;
    }
    if (rest.length <= LONGEST) rest = joined(rest, chunk.subarray(from));
  }
  if (rest.length > 0) yield { line, bytes: rest };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
