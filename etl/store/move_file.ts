import { ifThere } from "./if_there.ts";
import { removeLeftovers, replaceFile, sha256OfFile, sync } from "./whole_file.ts";

/**
 * Copy a file to another place, perhaps on another disk, and give the state of the original.
 *
 * Durable, and read again and compared, when this returns; seen under its name only when it is whole. A
 * An existing equal copy is kept, a different one replaced.
 */
export async function copyFile(from: string, to: string): Promise<string> {
  await removeLeftovers(to);
  const state = await stateOf(from);
  const wanted = await sha256OfFile(from);
  if (await stateOf(to) !== undefined && await sha256OfFile(to) === wanted) return state!;
  await replaceFile(to, async (beside) => {
    await Deno.copyFile(from, beside);
    await sync(beside);
    if (await sha256OfFile(beside) !== wanted) {
      throw new Error(
        `the copy ${beside} differs from ${from}: one of the two disks cannot be trusted`,
      );
    }
  });
  return state!;
}

/** Give values that change when a file is rewritten, undefined where it is missing. */
export async function stateOf(path: string): Promise<string | undefined> {
  const stat = await ifThere(() => Deno.stat(path));
  return stat && `${stat.ino} ${stat.size} ${stat.mtime?.getTime()}`;
}
