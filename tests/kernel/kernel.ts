/** The Deno kernel under JupyterLab's own client, outside the user's own Jupyter. */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { runProgram, venv } from "../venv.ts";

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
    const python = await venv("civicsky-kernel", PACKAGES, "nbclient");
    await runProgram(Deno.execPath(), ["jupyter", "--install"], {
      env: { XDG_DATA_HOME: folder },
    });
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
    const settings = {
      ...env,
      JUPYTER_PATH: jupyter,
      JUPYTER_DATA_DIR: jupyter,
      JUPYTER_CONFIG_DIR: jupyter,
      JUPYTER_RUNTIME_DIR: join(this.folder, "runtime"),
      JUPYTER_NO_CONFIG: "1",
      NO_COLOR: "1",
    };
    await runProgram(this.python, [EXECUTE, source, cwd, target], { env: settings });
  }
}
