import { join, sep } from "node:path";
import { readConfig, ROOT } from "../../etl/run/task_command.ts";
import { replacementFile } from "../../etl/store/replacement.ts";
import { ENGINE } from "../query/engine.ts";
import { VIEWED_FOLDERS } from "../query/views.ts";

/** Where modules lie that cells import; the other folders of a checkout may hold keys and posts. */
const MODULES = ["notebooks", "etl", "classifiers"];
const PERMISSIONS = "cells";

/** What Deno is told of the process of a notebook's cells. */
export interface CellSandbox extends AsyncDisposable {
  /** Arguments of `deno run`, and the variables that go with them. */
  args: string[];
  env: Record<string, string>;
}

/**
 * Lay down what the cells of a notebook may do: read the tables of the data folder, CSV files that lie
 * in it, the study, the modules of the checkout and its packages; nothing else, and no network.
 *
 * A file of configuration says so, as an argument of Deno cannot hold a path with a comma.
 */
export async function cellSandbox(data: string, study: string): Promise<CellSandbox> {
  const folder = await Deno.makeTempDir({ prefix: "civicsky-render-" });
  const { imports } = readConfig();
  const config = {
    nodeModulesDir: "none",
    imports,
    permissions: {
      [PERMISSIONS]: {
        read: [...readable(data), study, ...MODULES.map((name) => join(ROOT, name)), ENGINE],
        env: { allow: ["CIVICSKY_DATA", "CIVICSKY_STUDY"], ignore: true },
        // A library of DuckDB-WASM counts them while it loads.
        sys: ["cpus"],
      },
    },
  };
  const path = join(folder, "deno.json");
  await Deno.writeTextFile(path, JSON.stringify(config));
  // Web storage needs no leave: what cells put there goes with the folder.
  const cache = join(folder, "cache");
  await Deno.mkdir(cache);
  for (const name of ["npm", "gen"]) await Deno.symlink(join(denoDir(), name), join(cache, name));
  // Deno notes there what a notebook's own packages need; those of the checkout stay as they are.
  const lock = join(folder, "deno.lock");
  await Deno.copyFile(join(ROOT, "deno.lock"), lock);
  return {
    env: { DENO_DIR: cache },
    args: [
      `--config=${path}`,
      `--lock=${lock}`,
      `--permission-set=${PERMISSIONS}`,
      "--no-prompt",
      // Without it a cell may import from some hosts, whatever its permissions; a name that is asked
      // for at the registry could carry a text.
      "--no-remote",
      "--cached-only",
    ],
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

function readable(data: string): string[] {
  const files = [...Deno.readDirSync(data)]
    .filter(({ name, isDirectory }) => !isDirectory && name.endsWith(".csv"))
    .map(({ name }) => join(data, name));
  const tables = VIEWED_FOLDERS.map((table) => join(data, table));
  return [...tables, replacementFile(data).path, ...files];
}

function denoDir(): string {
  return ENGINE.slice(0, ENGINE.lastIndexOf(`${sep}npm${sep}`));
}
