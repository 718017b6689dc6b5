import { isFull } from "../run/error.ts";
import { ifThereSync, removeIfThere } from "./if_there.ts";

/** Room for a few small files, also where a file system counts in blocks of 16 KB. */
const BYTES = 65_536;

/**
 * Write something small that must be written on a full disk too.
 *
 * A file at `path` keeps room for it: where the disk is full it is removed, and `write` is tried again. It
 * is made anew as soon as there is room. Throws what `write` throws then.
 */
export async function writeFromReserve(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const isKept = ifThereSync(() => Deno.statSync(path)) !== undefined;
    if (!isFull(error) || !isKept) throw error;
    await removeIfThere(path);
    await write();
  }
  await keep(path);
}

async function keep(path: string): Promise<void> {
  if (ifThereSync(() => Deno.statSync(path))?.size === BYTES) return;
  try {
    await Deno.writeFile(path, new Uint8Array(BYTES));
  } catch (error) {
    // What matters has been written; there is no room to keep now.
    if (!isFull(error)) throw error;
    await removeIfThere(path);
  }
}
