/** Locks that other processes left, and processes that want one. */
import assert from "node:assert/strict";
import { UserError } from "../../../etl/run/error.ts";
import { bootId } from "../../../etl/run/process.ts";
import { lock } from "../../../etl/store/lock.ts";
import type { Child } from "./child.ts";

export const LINUX = Deno.build.os === "linux";
export const MINUTE = 60_000;
/** More than Linux ever gives. */
const NO_PID = 2 ** 30;

interface Owner {
  token: string;
  host: string;
  pid: number;
  boot_id?: string;
  start_ticks?: string;
}

/** Give an owner whose process is gone. */
export function dead(changes: Partial<Owner> = {}): Owner {
  const here = { host: Deno.hostname(), boot_id: bootId()!, start_ticks: "1" };
  return { token: crypto.randomUUID(), pid: NO_PID, ...here, ...changes };
}

/** Put a lock file there as another process would have left it. */
export async function leave(path: string, content: Owner | string, minutesAgo = 0): Promise<void> {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  await Deno.writeTextFile(path, text);
  const time = new Date(Date.now() - minutesAgo * MINUTE);
  await Deno.utime(path, time, time);
}

/** Can the lock be had? */
export async function isFree(folder: string): Promise<boolean> {
  try {
    await using _lock = await lock(folder, "a", "do it");
    return true;
  } catch (error) {
    assert.ok(error instanceof UserError);
    assert.equal(error.exitCode, 3);
    return false;
  }
}

/** List a folder. */
export function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

/** Have all processes ask for a lock at once; give the answer of each. */
export function race(children: Child[], name: string): Promise<(string | undefined)[]> {
  return Promise.all(children.map((child) => child.ask(`lock ${name}`)));
}
