import { ifThere, removeIfThere } from "../store/if_there.ts";
import type { DataPaths } from "../store/paths.ts";

/** Nobody writes a file for so long without adding to it. */
const DEAD_MS = 3_600_000;

/**
 * Remove half-written files of runs that were killed: they hold posts, and no table lists them.
 *
 * Only those that nobody has written to for an hour: another task may be at work. Gives how many.
 */
export async function purgeLeftovers(paths: DataPaths): Promise<number> {
  let removed = 0;
  for (const { path } of paths.everyFile()) {
    if (!/\.[0-9a-f]{8}\.part$/.test(path)) continue;
    const stat = await ifThere(() => Deno.stat(path));
    if (stat === undefined || Date.now() - (stat.mtime?.getTime() ?? 0) < DEAD_MS) continue;
    await removeIfThere(path);
    removed++;
  }
  return removed;
}
