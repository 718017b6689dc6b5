/** Where the real data for tests lies, which is not in the repository; undefined where it is not. */
export const TEST_DATA = folder(Deno.env.get("CIVICSKY_TEST_DATA") ?? "../shared/data");

function folder(path: string): string | undefined {
  try {
    return Deno.statSync(path).isDirectory ? path : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
