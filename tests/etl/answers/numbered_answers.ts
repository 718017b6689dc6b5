/** Answers that are told apart by their number, and the lines of a segment of them. */
import assert from "node:assert/strict";
import type { Answer } from "../../../etl/answers/answer_segment.ts";
import { uri } from "../../raw.ts";
import { answer } from "../../classifiers/engine/labelled_day.ts";

/** Give an answer with its number, as long as its text. */
export function numbered(index: number, text = ""): Answer {
  const post = { uri: uri(`${index}`), cid: `c${index}`, text_hash: `t${index}` };
  return { ...answer(post), answer: JSON.stringify({ text, index }) };
}

/** Read the answers of a segment, whose lines are all whole. */
export async function lines(path: string): Promise<Answer[]> {
  const text = await Deno.readTextFile(path);
  assert.ok(text === "" || text.endsWith("\n"), "the last line is torn");
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}
