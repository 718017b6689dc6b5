/** What to do where a file or a folder may not be there: another run may have removed it meanwhile. */

/** Give a result, undefined where its file or folder is missing. */
export async function ifThere<T>(give: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await give();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Give a synchronous result, undefined where its file or folder is missing. */
export function ifThereSync<T>(give: () => T): T | undefined {
  try {
    return give();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Remove a file, or a folder with all it holds. */
export async function removeIfThere(path: string): Promise<void> {
  await ifThere(() => Deno.remove(path, { recursive: true }));
}

/** Give the names in a folder in order, none where it is not there. */
export function namesIn(folder: string): string[] {
  return ifThereSync(() => [...Deno.readDirSync(folder)].map(({ name }) => name).sort()) ?? [];
}
