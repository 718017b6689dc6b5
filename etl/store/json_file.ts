import { z } from "zod";
import { type ExitStatus, UserError } from "../run/error.ts";
import { replaceFile } from "./whole_file.ts";

/** What is said of a JSON file of ours that is damaged. */
export interface Damaged {
  found: string;
  remedy: string;
  exitCode?: ExitStatus;
}

/** Read a JSON file of ours; undefined where there is none. Throws a UserError where it is another. */
export async function readJsonFile<T>(
  path: string,
  schema: z.ZodType<T>,
  { found, remedy, exitCode }: Damaged,
): Promise<T | undefined> {
  try {
    return schema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
    throw new UserError(`read ${path}`, found, remedy, { cause, ...exitCode ? { exitCode } : {} });
  }
}

/** Write a JSON file of ours as a whole; it is durable then. */
export async function writeJsonFile(path: string, value: unknown, indent?: number): Promise<void> {
  const text = `${JSON.stringify(value, null, indent)}\n`;
  await replaceFile(path, (beside) => Deno.writeTextFile(beside, text));
}
