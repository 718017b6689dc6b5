import assert from "node:assert/strict";
import type { DataPaths } from "../../../etl/store/paths.ts";

/** Read what is set aside, whose lines are all whole. */
export async function lines(paths: DataPaths): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for (const path of paths.quarantined()) {
    const text = await Deno.readTextFile(path);
    assert.ok(text.endsWith("\n"));
    found.push(...text.split("\n").slice(0, -1).map((line) => JSON.parse(line)));
  }
  return found;
}
