import { join } from "node:path";
import { z } from "zod";
import { type Finding, note, ok, problem, warning } from "./finding.ts";

const Config = z.object({ imports: z.record(z.string(), z.string()) });
const Held = z.object({ overrides: z.record(z.string(), z.string()).default({}) });
const Lock = z.object({
  specifiers: z.record(z.string(), z.string()),
  npm: z.record(z.string(), z.unknown()),
});

/**
 * Compare the packages of `deno.json` and `package.json` with `deno.lock`, and check whether Deno has
 * fetched them: a machine without internet can fetch none.
 */
export async function packages(root: string, denoDir: string | undefined): Promise<Finding[]> {
  const { imports } = Config.parse(await json(root, "deno.json"));
  const { overrides } = Held.parse(await json(root, "package.json"));
  const lock = Lock.parse(await json(root, "deno.lock"));
  const wanted = Object.values(imports).map((target) => target.replace(/^npm:\/?|\/$/g, ""));
  const unlocked = wanted.filter((it) => lock.specifiers[`npm:${it}`] === undefined);
  const loose = Object.entries(overrides).filter(([name, version]) =>
    Object.keys(lock.npm).some((it) => nameOf(it) === name && versionOf(it) !== version)
  ).map(([name]) => name);
  const findings: Finding[] = [];
  const unheld = [...unlocked, ...loose].toSorted();
  if (unheld.length > 0) {
    findings.push(warning(
      `deno.lock does not hold ${unheld.join(", ")} at the requested version`,
      "Restore deno.json, package.json and deno.lock from git, or run deno install where you changed " +
        "a version on purpose",
    ));
  }
  const kept = denoDir === undefined ? undefined : await keptPackages(join(denoDir, "npm"));
  const missing = wanted.filter((it) => kept !== undefined && !kept.has(it));
  if (missing.length > 0) {
    findings.push(note(
      `Deno has not fetched ${missing.length} of ${wanted.length} packages yet: ${
        missing.toSorted().join(", ")
      }`,
      "With internet, do nothing: the first task that needs one fetches it. Without, run deno " +
        "install first, on a machine that shares the folder",
    ));
  }
  return findings.length > 0 ? findings : [ok(`${wanted.length} packages as deno.lock has them`)];
}

/** Give the packages, as `name@version`, that a cache has of any registry; undefined without a cache. */
async function keptPackages(folder: string): Promise<Set<string> | undefined> {
  const kept = new Set<string>();
  try {
    for await (const registry of Deno.readDir(folder)) {
      if (!registry.isDirectory) continue;
      for (const name of await namesIn(join(folder, registry.name))) {
        for await (const entry of Deno.readDir(join(folder, registry.name, name))) {
          if (entry.isDirectory) kept.add(`${name}@${entry.name}`);
        }
      }
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return kept;
}

/** Names of packages; those with a scope lie in a folder of that. */
async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) continue;
    if (!name.startsWith("@")) names.push(name);
    else {for await (const own of Deno.readDir(join(folder, name))) {
        names.push(`${name}/${own.name}`);
      }}
  }
  return names;
}

async function json(root: string, name: string): Promise<unknown> {
  return JSON.parse(await Deno.readTextFile(join(root, name)));
}

/** Of `name@version`, with peers behind an underscore. */
function nameOf(entry: string): string {
  return entry.slice(0, entry.indexOf("@", 1));
}

function versionOf(entry: string): string {
  return entry.slice(entry.indexOf("@", 1) + 1).split("_")[0]!;
}

/** Compare the Deno that runs with the one that `package.json` names (`engines.deno`). */
export async function denoVersion(root: string, runs = Deno.version.deno): Promise<Finding> {
  const pinned: unknown = JSON.parse(await Deno.readTextFile(join(root, "package.json")))
    .engines?.deno;
  if (typeof pinned !== "string") {
    return warning("package.json names no version of Deno", "Restore package.json from git");
  }
  if (runs === pinned) return ok(`Deno ${runs}`);
  const found = `this is Deno ${runs}, and civicsky is tested with ${pinned}`;
  const remedy = `deno upgrade ${pinned}, or npm install -g deno@${pinned}`;
  if (runs.split(".")[0] !== pinned.split(".")[0]) return problem(found, remedy);
  return isOlder(runs, pinned) ? warning(found, remedy) : note(found, remedy);
}

/** Is the version of a package or of Deno older than another? */
function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, "en", { numeric: true }) < 0;
}
