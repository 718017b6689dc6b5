/** The Deno kernel under JupyterLab's own client, outside the user's own Jupyter. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

/** From PyPI. */
const PACKAGES = ["nbclient==0.11.0", "jupyter_client==8.10.0", "nbformat==5.11.1"];
const EXECUTE = fileURLToPath(new URL("execute.py", import.meta.url));

export class Kernel {
  private constructor(readonly python: string, readonly folder: string) {}

  /**
   * Install the client into the user's cache folder, at the first call, and the kernel into `folder`.
   *
   * Throws where there is no Python 3 with `venv`, or where PyPI is not reached.
   */
  static async install(folder: string): Promise<Kernel> {
    const kept = join(
      Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "", ".cache"),
      "civicsky-kernel",
      createHash("sha256").update(PACKAGES.join()).digest("hex").slice(0, 12),
    );
    const python = join(kept, "bin/python");
    // The packages come last, so that an installation that was cut off is made anew.
    if (!await succeeds(python, ["-c", "import nbclient"])) {
      console.error(`Installing nbclient into ${kept}, once`);
      await run("python3", ["-m", "venv", "--clear", kept]);
      await run(python, ["-m", "pip", "install", "--quiet", "--no-input", ...PACKAGES]);
    }
    await run(Deno.execPath(), ["jupyter", "--install"], { XDG_DATA_HOME: folder });
    return new Kernel(python, folder);
  }

  /** Run the notebook file with `cwd` as its folder and write it with outputs to `target`. */
  async execute(
    source: string,
    cwd: string,
    target: string,
    env: Record<string, string>,
  ): Promise<void> {
    const jupyter = join(this.folder, "jupyter");
    await run(this.python, [EXECUTE, source, cwd, target], {
      ...env,
      JUPYTER_PATH: jupyter,
      JUPYTER_DATA_DIR: jupyter,
      JUPYTER_CONFIG_DIR: jupyter,
      JUPYTER_RUNTIME_DIR: join(this.folder, "runtime"),
      JUPYTER_NO_CONFIG: "1",
      NO_COLOR: "1",
    });
  }
}

async function run(program: string, args: string[], env?: Record<string, string>): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, env, stdin: "null" })
    .output();
  if (success) return;
  const decoder = new TextDecoder();
  throw new Error(`${program} ${args[0]}: ${decoder.decode(stdout)}${decoder.decode(stderr)}`);
}

async function succeeds(program: string, args: string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
