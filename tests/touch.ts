/** Makes empty files for tests that look at names alone. */
import { dirname } from "node:path";

export async function touch(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, "");
  }
}
