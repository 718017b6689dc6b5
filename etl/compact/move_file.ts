import { dirname } from "node:path";
import { sha256OfFile } from "../store/whole_file.ts";
import { removeLeftovers, sync } from "../store/parquet.ts";

/**
 * Copy a file to another place, which may be on another disk, and give what the original was then.
 *
 * Durable, and read again and compared, when this returns; seen under its name only when it is whole. A
 * copy that is there already and the same is left, another one replaced.
 */
export async function copyFile(from: string, to: string): Promise<string> {
  await removeLeftovers(to);
  const state = await stateOf(from);
  const wanted = await sha256OfFile(from);
  if (await stateOf(to) !== undefined && await sha256OfFile(to) === wanted) return state!;
  await Deno.mkdir(dirname(to), { recursive: true });
  const beside = `${to}.${crypto.randomUUID().slice(0, 8)}.part`;
  try {
    await Deno.copyFile(from, beside);
    await sync(beside);
    if (await sha256OfFile(beside) !== wanted) {
      throw new Error(
        `the copy ${beside} is not what ${from} is: one of the two disks is not to be trusted`,
      );
    }
    await Deno.rename(beside, to);
  } catch (error) {
    await removeLeftovers(to);
    throw error;
  }
  await sync(dirname(to));
  return state!;
}

/** Give what changes when a file is written anew, undefined where it is not there. */
export async function stateOf(path: string): Promise<string | undefined> {
  try {
    const { ino, size, mtime } = await Deno.stat(path);
    return `${ino} ${size} ${mtime?.getTime()}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
