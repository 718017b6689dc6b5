import { fileURLToPath } from "node:url";
import { UserError } from "../../etl/run/error.ts";
import type { Notebook } from "./notebook.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Fetch the npm packages that the cells of a notebook name, where the cache lacks them.
 *
 * The process of the cells asks no registry: only what stands in the notebook as a text in quotes,
 * such as `"npm:simple-statistics@7"`, is fetched before. Those of `deno.json` are there already.
 */
export async function fetchPackages({ cells }: Notebook, name: string): Promise<void> {
  const code = cells.filter(({ cell_type }) => cell_type === "code");
  const named = code.flatMap(({ source }) => [...source.matchAll(/(["'])(npm:[\w@./~^-]+)\1/g)]);
  const packages = [...new Set(named.map((match) => match[2]!))];
  if (packages.length === 0) return;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", "--no-lock", ...packages],
    cwd: ROOT,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  const [first] = /^error: .*$/m.exec(new TextDecoder().decode(stderr)) ?? ["deno cache failed"];
  throw new UserError(
    `render ${name}`,
    `its packages ${packages.join(", ")} cannot be fetched: ${first.replace(/^error: /, "")}`,
    "Look at their names and at the network, then run the task again",
  );
}
