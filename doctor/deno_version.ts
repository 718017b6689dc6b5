import { join } from "node:path";
import { type Finding, note, ok, problem, warning } from "../etl/doctor/finding.ts";

/** Compare the Deno that runs with the one that `package.json` names (`engines.deno`). */
export async function denoVersion(root: string, runs = Deno.version.deno): Promise<Finding> {
  const pinned: unknown = JSON.parse(await Deno.readTextFile(join(root, "package.json")))
    .engines?.deno;
  if (typeof pinned !== "string") {
    return warning("package.json names no version of Deno", "Restore package.json from git");
  }
  if (runs === pinned) return ok(`Deno ${runs}`);
  const found = `Deno ${runs} runs, and civicsky is tested with ${pinned}`;
  const remedy = `deno upgrade ${pinned}, or npm install -g deno@${pinned}`;
  if (runs.split(".")[0] !== pinned.split(".")[0]) return problem(found, remedy);
  return isOlder(runs, pinned) ? warning(found, remedy) : note(found, remedy);
}

function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, "en", { numeric: true }) < 0;
}
