import { ifThere } from "../run/if_there.ts";
import { removeLeftovers, replaceFile, sha256OfFile, sync } from "../store/whole_file.ts";

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

/** Give what changes when a file is written anew, undefined where it is not there. */
export async function stateOf(path: string): Promise<string | undefined> {
  const stat = await ifThere(() => Deno.stat(path));
  return stat && `${stat.ino} ${stat.size} ${stat.mtime?.getTime()}`;
}
