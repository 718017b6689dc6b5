/** Runs tasks one after the other, each a minute later than the one before. */
import assert from "node:assert/strict";
import { runTask } from "./task.ts";

let minutes = 0;

/** Run a task with a data folder from 2026-06-10 on, and give the JSON that it printed. */
export async function laterTask(data: string, name: string, ...args: string[]) {
  const { code, stdout, stderr } = await runTask([name, ...args, "--data", data, "--json"], {
    CIVICSKY_CLOCK: new Date(Date.UTC(2026, 5, 10) + 60_000 * minutes++).toISOString(),
  });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}
