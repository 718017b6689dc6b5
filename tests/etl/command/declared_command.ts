/** Runs a command that a test declares, with what it prints caught. */
import { join } from "node:path";
import { type Command, type Outcome, runCommand } from "../../../etl/command/command.ts";
import { positiveInteger } from "../../../etl/run/option.ts";
import { ROOT } from "../../task.ts";

export const DONE: Outcome = { summary: { posts: 7 }, text: "Did 7" };

export interface Printed {
  exit: number;
  stdout: string;
  stderr: string;
}

export function command(run: Command["run"], changes: Partial<Command> = {}): Command {
  return {
    task: "sync:test",
    description: "Do a test.",
    options: [
      { flags: "--minutes <n>", description: "stop then", parse: positiveInteger },
      { flags: "--dry-run", description: "do nothing" },
    ],
    examples: ["deno task sync:test --minutes 5"],
    run,
    ...changes,
  };
}

/** Run a command in this process, with what it prints caught. */
export async function run(declared: Command, data: string, ...args: string[]): Promise<Printed> {
  const folders = ["--data", data, "--study", join(ROOT, "demo", "study.yaml")];
  const given = args[0] === "--" ? ["--", ...folders, ...args.slice(1)] : [...folders, ...args];
  const printed = { stdout: "", stderr: "" };
  const { log, error } = console;
  const { writeSync } = Deno.stderr;
  const text = (values: unknown[]) =>
    values.map((value) => value instanceof Error ? value.stack : value).join(" ") + "\n";
  console.log = (...values) => void (printed.stdout += text(values));
  console.error = (...values) => void (printed.stderr += text(values));
  Deno.stderr.writeSync = (bytes) => {
    printed.stderr += new TextDecoder().decode(bytes);
    return bytes.length;
  };
  try {
    return { exit: await runCommand(declared, given), ...printed };
  } finally {
    Object.assign(console, { log, error });
    Deno.stderr.writeSync = writeSync;
  }
}
