import { ifThere, ifThereSync, namesIn, removeIfThere } from "./if_there.ts";
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";

/** Force a file or a folder's entries to disk. */
export async function sync(path: string): Promise<void> {
  using file = await Deno.open(path);
  await file.sync();
}

/**
 * Have a file written beside its place under a name that nobody reads, sync it and rename it.
 *
 * A reader sees the old file or the new one, and nothing between. Durable when this returns; where
 * it throws, the old file stands.
 */
export async function replaceFile<T>(
  path: string,
  write: (beside: string) => Promise<T>,
): Promise<T> {
  const beside = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  const folder = dirname(path);
  await Deno.mkdir(folder, { recursive: true });
  try {
    const result = await write(beside);
    await sync(beside);
    await Deno.rename(beside, path);
    await sync(folder);
    return result;
  } catch (error) {
    await removeIfThere(beside);
    throw error;
  }
}

/** Write a whole file of text in the place of the one before. */
export async function replaceText(path: string, text: string): Promise<void> {
  await replaceFile(path, (beside) => Deno.writeTextFile(beside, text));
}

/** The same synchronously, for a callback without a waiter. */
export function replaceTextSync(path: string, text: string, mode: number): void {
  const beside = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  Deno.mkdirSync(dirname(path), { recursive: true });
  try {
    Deno.writeTextFileSync(beside, text, { createNew: true, mode });
    using file = Deno.openSync(beside);
    file.syncSync();
    Deno.renameSync(beside, path);
  } catch (error) {
    ifThereSync(() => Deno.removeSync(beside));
    throw error;
  }
}

/**
 * Remove half-written files that a killed process left beside a file.
 *
 * Only under the lock of that output.
 */
export async function removeLeftovers(path: string): Promise<void> {
  const ours = new RegExp(`^${RegExp.escape(basename(path))}\\.[0-9a-f]{8}\\.part$`);
  for (const name of namesIn(dirname(path))) {
    if (ours.test(name)) await removeIfThere(join(dirname(path), name));
  }
}

/** Give the sha256 of a file in hexadecimal digits. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const bytes of file.readable) hash.update(bytes);
  return hash.digest("hex");
}

/**
 * Copy a file to another place, perhaps on another disk, and give the state of the original.
 *
 * Durable, and read again and compared, when this returns; seen under its name only when it is whole. An
 * existing equal copy is kept, a different one replaced.
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
