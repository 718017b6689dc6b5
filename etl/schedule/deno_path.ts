import { join } from "node:path";

/** Where cron finds Deno. */
export interface DenoPath {
  path: string;
  /** True where it lies in the cache of npx, which npm may empty. */
  isCached: boolean;
}

/**
 * Find the path under which this Deno will still be there after an upgrade.
 *
 * Package managers keep each version in a folder of its own and lead to it by a link on `PATH`: the link
 * stays. `running` is the program that runs, `path` the variable `PATH`.
 */
export function denoPath(running: string, path: string): DenoPath {
  const links = path.split(":").filter((folder) => folder.startsWith("/"))
    .map((folder) => join(folder, "deno"))
    .filter((link) => !isCached(link) && leadsTo(link, running));
  const found = links[0] ?? running;
  return { path: found, isCached: isCached(found) };
}

function isCached(path: string): boolean {
  return /\/_npx\//.test(path);
}

function leadsTo(link: string, target: string): boolean {
  try {
    return Deno.realPathSync(link) === Deno.realPathSync(target);
  } catch {
    return false;
  }
}
