import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Context } from "../command/command.ts";
import type { PartitionFile } from "../store/paths.ts";
import type { AppViewAnswer } from "./appview_answer.ts";
import type { Mount } from "./mount.ts";

/** The inputs of checks; no check changes anything. */
export interface Examination
  extends Pick<Context, "paths" | "study" | "studyPath" | "database" | "signal"> {
  /** The folder of the code. */
  root: string;
  /** Whether checks may ask servers. */
  isOnline: boolean;
  /** Every file under the data folder, listed once. */
  files(): PartitionFile[];
  /** The answer of the study's AppView for each feed, asked once. */
  appView(): Promise<AppViewAnswer[]>;
  /** The mounted file systems; undefined where the system does not tell. */
  mounts: Mount[] | undefined;
  /** The user's home, and Deno's folder of packages; undefined where unknown. */
  home: string | undefined;
  denoDir: string | undefined;
}

/** Free space on the file system of a folder. */
export interface Space {
  /** For those without special rights. */
  bytes: number;
  /** Files that still fit; undefined on file systems that do not count them. */
  files: number | undefined;
}

/** Give the free space where a folder is, or would be made. */
export async function spaceOf(folder: string): Promise<Space> {
  const { bavail, bsize, files, ffree } = await statfs(await standingFolder(folder));
  return { bytes: bavail * bsize, files: files > 0 ? ffree : undefined };
}

/** Give the folder to examine, without links: the named one, or its nearest existing parent. */
export async function standingFolder(folder: string): Promise<string> {
  for (;;) {
    try {
      return await Deno.realPath(folder);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) || dirname(folder) === folder) throw error;
      folder = dirname(folder);
    }
  }
}
