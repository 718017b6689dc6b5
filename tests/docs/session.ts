/**
 * Runs commands of the documents in one process, as loading DuckDB for each takes longer than they do.
 *
 * Started in the tree that it is to run; a JSON array of commands on stdin, and on stdout a JSON line
 * each with `code` and what was printed. Whatever is no task goes to a shell.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** How a command ended. */
export interface Ended {
  command: string;
  code: number;
  stdout: string;
  stderr: string;
}

const TASK = /^((?:\w+=\S+ )*)deno task (?:-q )?([\w:-]+) ?(.*)$/;
const root = Deno.cwd();
const load = (path: string) => import(pathToFileURL(join(root, path)).href);
const { loadCommand } = await load("main.ts");
const { runCommand } = await load("etl/command/command.ts");
const commands: string[] = await new Response(Deno.stdin.readable).json();
const say = console.log;

for (const command of commands) {
  const [whole, variables, task, rest] = TASK.exec(command) ?? [];
  const ended = whole === undefined
    ? await inShell(command)
    : await asTask(task!, words(rest!), words(variables!));
  say(JSON.stringify({ command, ...ended } satisfies Ended));
}

async function asTask(task: string, args: string[], variables: string[]) {
  const command = await loadCommand(task);
  const printed = { stdout: "", stderr: "" };
  console.log = (...parts) => void (printed.stdout += `${parts.join(" ")}\n`);
  console.error = (...parts) => void (printed.stderr += `${parts.join(" ")}\n`);
  const before = variables.map((text) => text.split("=")[0]!).map((name) =>
    [name, Deno.env.get(name)] as const
  );
  for (const text of variables) Deno.env.set(text.split("=")[0]!, text.replace(/^\w+=/, ""));
  try {
    return { code: await runCommand(command, args), ...printed };
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

function words(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => (a ?? b ?? c)!);
}

async function inShell(command: string) {
  const { code, stdout, stderr } = await new Deno.Command("sh", { args: ["-c", command] }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
