import { join, relative, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../run/error.ts";
import { StateFile } from "./state_file.ts";
import { sync } from "./whole_file.ts";
import { DataPaths } from "./paths.ts";

const Archive = z.strictObject({
  /** Stands also in the archive, so that another disk at the same place is not taken for it. */
  id: z.string(),
  folder: z.string(),
  /** UTC days of posts of which raw data is, or soon will be, in the archive; in order. */
  days: z.array(z.iso.date()),
});

/** The folder of archived raw data, and the days of posts that stay as they are because of it. */
export type Archive = z.infer<typeof Archive>;

/** Sources whose raw data an archive may hold; raw data of feeds and imports is small, and is read again. */
export const ARCHIVED_SOURCES = ["firehose", "jetstream"];

/** The marker in the archive that identifies it. */
const Marker = z.strictObject({
  id: z.string(),
  /** Which removals have been applied to all of it, as a digest; null where that is not known. */
  removals: z.string().nullable(),
});
const MARKER = "civicsky_archive.json";

/** Read the place of the archive, undefined where there is none. Throws where the file is damaged. */
export function readArchive(paths: DataPaths): Archive | undefined {
  const archive = stateFile(paths.archive(), Archive).read();
  return archive && { ...archive, folder: resolve(paths.root, archive.folder) };
}

/** Write the place of the archive durably. */
export async function writeArchive(paths: DataPaths, archive: Archive): Promise<void> {
  const within = relative(paths.root, archive.folder);
  // An archive within the data folder moves with it.
  const folder = within.startsWith("..") ? archive.folder : within;
  await stateFile(paths.archive(), Archive).write({ ...archive, folder });
}

/** Read the marker of an archive folder, undefined where there is none: it is no archive or not there. */
export function readMarker(folder: string): z.infer<typeof Marker> | undefined {
  return stateFile(join(folder, MARKER), Marker).read();
}

/** Write the marker of an archive folder, which is made where it is not there. */
export async function writeMarker(folder: string, marker: z.infer<typeof Marker>): Promise<void> {
  await stateFile(join(folder, MARKER), Marker).write(marker);
}

/** Forget an archive that was emptied; one without days is as good as none at every step. */
export async function removeArchive(paths: DataPaths, archive: Archive): Promise<void> {
  await writeArchive(paths, { ...archive, days: [] });
  await Deno.remove(join(archive.folder, MARKER));
  await Deno.remove(paths.archive());
  await sync(paths.root);
}

/** Is the archive there, and its disk mounted? */
export function isReachable({ id, folder }: Archive): boolean {
  try {
    return readMarker(folder)?.id === id;
  } catch (error) {
    // A disk that was pulled out gives errors of many kinds.
    if (error instanceof UserError) throw error;
    return false;
  }
}

/**
 * List the files of a table that are in the archive and nowhere else.
 *
 * Throws where the archive is not there.
 */
export function archivedFiles(paths: DataPaths, table: string, doing: string): string[] {
  const archive = readArchive(paths);
  if (archive === undefined) return [];
  if (!isReachable(archive)) throw unreachable(archive, doing);
  // A move that was interrupted leaves a copy at both ends.
  const here = new Set(paths.files(table).map(({ path }) => path.slice(paths.root.length)));
  return new DataPaths(archive.folder).files(table).map(({ path }) => path)
    .filter((path) => !here.has(path.slice(archive.folder.length)));
}

/** Give the error for an archive that is not there. */
export function unreachable({ folder }: Archive, doing: string): UserError {
  return new UserError(
    doing,
    `the archive ${folder} is not there`,
    "Mount its disk; if it was moved, name its place: deno task compact --older-than … --archive DIR",
  );
}

function stateFile<T>(path: string, schema: z.ZodType<T>): StateFile<T> {
  return new StateFile(path, schema, {
    found: "it does not describe an archive",
    remedy:
      "Put back a copy from a backup: without it, posts of archived days would be built from what is left",
  });
}
