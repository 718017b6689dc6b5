import assert from "node:assert/strict";

/** Read the numbers of a segment's lines; throws where one is not whole JSON. */
export async function numbers(path: string): Promise<number[]> {
  const text = await Deno.readTextFile(path);
  assert.ok(text === "" || text.endsWith("\n"), "the last line is torn");
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line).number);
}

/** Give the numbers from one to before another. */
export function count(from: number, until: number): number[] {
  return Array.from({ length: until - from }, (_, index) => from + index);
}
