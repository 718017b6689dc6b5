/** Disks that are full after a few megabytes. */

/** Why there can be none here, undefined where there can. */
export const NO_SMALL_DISK: string | undefined = await (async () => {
  if (Deno.build.os !== "linux") return "only Linux has tmpfs";
  if (Deno.uid() !== 0) return "only root may mount a tmpfs";
  try {
    await withSmallDisk(() => Promise.resolve());
  } catch {
    return "mounting a tmpfs is not allowed here";
  }
})();

/** Run something with a folder on a disk of so many megabytes. */
export async function withSmallDisk(
  run: (folder: string) => Promise<void>,
  megabytes = 1,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "civicsky-small-" });
  try {
    await command("mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder);
    try {
      await run(folder);
    } finally {
      // Lazily, so that a test that failed with a file open does not keep the disk.
      await command("umount", "--lazy", folder);
    }
  } finally {
    await Deno.remove(folder);
  }
}

/** Make a small disk read-only. */
export function remountReadOnly(folder: string): Promise<void> {
  return command("mount", "-o", "remount,ro", folder);
}

/** Fill what is left of the disk with a file; removing it frees the space. */
export async function fill(folder: string): Promise<string> {
  const path = `${folder}/filling`;
  using file = await Deno.open(path, { createNew: true, write: true });
  for (const size of [65_536, 4096]) {
    try {
      for (;;) await file.write(new Uint8Array(size));
    } catch {
      // Full, as wanted.
    }
  }
  return path;
}

/** Fill the disk but for so many bytes; gives the file, as `fill` does. */
export async function fillBut(folder: string, bytes: number): Promise<string> {
  const path = await fill(folder);
  await Deno.truncate(path, (await Deno.stat(path)).size - bytes);
  return path;
}

/** Declare a test that needs a small disk; where there can be none, its name says why. */
export function testOnSmallDisk(
  name: string,
  run: (folder: string) => Promise<void>,
  megabytes = 1,
): void {
  Deno.test({
    name: NO_SMALL_DISK ? `${name} (ignored: ${NO_SMALL_DISK})` : name,
    ignore: NO_SMALL_DISK !== undefined,
    fn: () => withSmallDisk(run, megabytes),
  });
}

async function command(name: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, { args }).output();
  if (!success) throw new Error(`${name}: ${new TextDecoder().decode(stderr)}`);
}
