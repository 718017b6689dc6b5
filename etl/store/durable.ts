import { basename, dirname, join } from "node:path";

/** Force a file or a folder's entries to disk. */
export async function sync(path: string): Promise<void> {
  using file = await Deno.open(path);
  await file.sync();
}

/**
 * Remove half-written files that a killed process left beside a Parquet file.
 *
 * Only for whoever holds the lock of that output.
 */
export async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const ours = new RegExp(`^${RegExp.escape(basename(path))}\\.[0-9a-f]{8}\\.part$`);
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (ours.test(entry.name)) await Deno.remove(join(folder, entry.name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Remove a file, if it is there. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** List the names in a folder, in order; none where it is not there. */
export function fileNames(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
