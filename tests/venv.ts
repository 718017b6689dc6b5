/** Python packages of opt-in tests, in an environment of their own below the user's cache folder. */
import { createHash } from "node:crypto";
import { join } from "node:path";

/**
 * Install packages of PyPI at the first call, and give the path of the Python that has them.
 *
 * `module` is one that can be imported once they are there. Throws where there is no Python 3 with
 * `venv`, or where PyPI is not reached.
 */
export async function venv(name: string, packages: string[], module: string): Promise<string> {
  const kept = join(
    Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "", ".cache"),
    name,
    createHash("sha256").update(packages.join()).digest("hex").slice(0, 12),
  );
  const python = join(kept, "bin/python");
  // The packages come last, so that an installation that was cut off is made anew.
  if (!await succeeds(python, ["-c", `import ${module}`])) {
    console.error(`Installing ${packages.join(", ")} into ${kept}, once`);
    await runProgram("python3", ["-m", "venv", "--clear", kept]);
    await runProgram(python, ["-m", "pip", "install", "--quiet", "--no-input", ...packages]);
  }
  return python;
}

/** Run a program to its end and give what it printed; throws with that where it fails. */
export async function runProgram(
  program: string,
  args: string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    ...options,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(`${program} ${args[0]}: ${decoder.decode(stdout)}${decoder.decode(stderr)}`);
}

async function succeeds(program: string, args: string[]): Promise<boolean> {
  try {
    await runProgram(program, args);
    return true;
  } catch {
    return false;
  }
}
