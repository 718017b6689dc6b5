/** Damages files as a disk does that loses bytes in their midst. */

/** Change bytes of a Parquet file before its end: what the file says of itself stays, its pages do not. */
export async function garble(path: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  for (let at = 24; at < 404; at++) bytes[at]! ^= 0x5a;
  await Deno.writeFile(path, bytes);
}
