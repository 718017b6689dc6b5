import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { sync } from "./durable.ts";

/** Have a file written beside its place, sync it and rename it. */
export async function replaceFile(
  path: string,
  write: (beside: string) => Promise<unknown>,
): Promise<void> {
  const beside = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  await Deno.mkdir(dirname(path), { recursive: true });
  try {
    await write(beside);
    await sync(beside);
    await Deno.rename(beside, path);
    await sync(dirname(path));
  } catch (error) {
    await Deno.remove(beside).catch((missing) => {
      if (!(missing instanceof Deno.errors.NotFound)) throw missing;
    });
    throw error;
  }
}

/** Give the sha256 of a file in hexadecimal digits. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const bytes of file.readable) hash.update(bytes);
  return hash.digest("hex");
}
