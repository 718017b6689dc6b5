import { readProc } from "../run/process.ts";

/** A mounted file system. */
export interface Mount {
  /** Where it is mounted. */
  path: string;
  /** Such as `ext4`, `nfs4` or `fuse.sshfs`. */
  type: string;
  /** Options of the mount and of the file system, such as `ro` or `soft`. */
  options: string[];
}

/** Give what is mounted, in the order of mounting; undefined where the system does not tell. */
export function readMounts(): Mount[] | undefined {
  const text = readProc("/proc/self/mountinfo");
  return text === undefined ? undefined : parseMounts(text);
}

/** Read the lines of `/proc/self/mountinfo` (proc(5)). */
export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    // Between the sixth field and a lone hyphen stand optional ones.
    const [before, after] = line.split(" - ");
    const [, , , , path, options] = before!.split(" ");
    const [type, , superOptions] = after?.split(" ") ?? [];
    if (path === undefined || options === undefined || type === undefined) return [];
    return [{
      path: unescaped(path),
      type,
      options: [...options.split(","), ...(superOptions ?? "").split(",")],
    }];
  });
}

/** Give the file system of a path without links; of two at one place the later one. */
export function mountOf(path: string, mounts: Mount[]): Mount | undefined {
  const over = mounts.filter((mount) => isWithin(path, mount.path));
  const longest = Math.max(...over.map((mount) => mount.path.length));
  return over.findLast((mount) => mount.path.length === longest);
}

/** Tell whether a path is the place of a mount, or of another folder, or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** Spaces and the like stand as octal numbers. */
function unescaped(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
