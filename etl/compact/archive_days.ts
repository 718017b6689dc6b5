import { basename, join, relative, resolve } from "node:path";
import type { Context } from "../command/command.ts";
import { EXIT, UserError } from "../run/error.ts";
import {
  type Archive,
  ARCHIVED_SOURCES,
  isReachable,
  readArchive,
  readMarker,
  removeArchive,
  unreachable,
  writeArchive,
  writeMarker,
} from "../store/archive.ts";
import { firstDamage } from "../store/damage.ts";
import { copyFile, stateOf, sync } from "../store/whole_file.ts";
import { DataPaths } from "../store/paths.ts";
import * as tables from "../store/tables.ts";
import { PANELS } from "../labels/panel.ts";
import { whileNobodyReads } from "../store/reading.ts";
import { daysOfPosts, openPosts } from "./days_of_posts.ts";

/** The raw data moved to an archive, or back. */
export interface Archived {
  folder: string;
  direction: "to" | "back from";
  files: number;
  bytes: number;
  /** The days on which it was received, in order. */
  days: string[];
  /** True where other tasks kept reading and some data is left. */
  isBusy: boolean;
  errors: UserError[];
}

/** Folders of tables, in which an archive would be read as a part of them. */
const TABLE_FOLDERS = new Set(
  [...Object.values(tables), PANELS].flatMap((table) =>
    typeof table === "object" ? table.folder.split("/")[0]! : []
  ),
);

type Wait = () => Promise<boolean>;

/**
 * Move raw data of the streams from before a day to the archive, oldest first.
 *
 * First the dependent days of posts are recorded, so that `preprocess` leaves them as they are;
 * then the data is copied, compared, and removed here. A day with a post that is not in `posts` yet stays, with
 * an error. The caller holds the lock `compact`.
 */
export async function archiveDays(
  context: Context,
  before: string,
  folder: string | undefined,
  wait: Wait,
): Promise<Archived> {
  const { paths, database, signal, progress } = context;
  let archive = await chooseArchive(paths, folder);
  const done = nothing(archive, "to");
  const removals = await openPosts(database, paths);
  const old = ARCHIVED_SOURCES.flatMap((source) =>
    paths.files(`raw/${source}`).filter(({ day }) => day! < before)
      .map(({ path, day }) => ({ path, table: `raw/${source}`, day: day! }))
  );
  const days = Map.groupBy(old, ({ table, day }) => `${day} ${table}`);
  for (const key of [...days.keys()].sort()) {
    if (signal.aborted || done.isBusy) break;
    const files = days.get(key)!.map(({ path }) => path);
    const { day, table } = days.get(key)![0]!;
    const doing = `move ${table} of ${day}`;
    progress.update(() => `${doing} to ${archive.folder}`);
    const segments = paths.segments();
    if (files.some((file) => segments.some((name) => basename(file).startsWith(`${name}.`)))) {
      done.errors.push(
        new UserError(
          doing,
          "some of it is still in the journal",
          "Run its sync task, then this again",
        ),
      );
      continue;
    }
    try {
      const rest = await daysOfPosts(database, paths, files, removals);
      if (rest.lacking > 0) {
        done.errors.push(
          new UserError(
            doing,
            `${rest.lacking} posts of it are not in the table posts`,
            "Run deno task preprocess, then this again",
          ),
        );
        continue;
      }
      const standing = new Set([...archive.days, ...rest.days]);
      if (standing.size > archive.days.length) {
        archive = { ...archive, days: [...standing].sort() };
        await writeArchive(paths, archive);
      }
    } catch (error) {
      const damaged = await firstDamage(database, files, doing);
      if (damaged === undefined) throw error;
      done.errors.push(damaged);
      continue;
    }
    await moveFiles(done, { paths, from: paths.root, to: archive.folder, files, wait });
    if (!done.isBusy) done.days.push(day);
  }
  done.days = [...new Set(done.days)].sort();
  return done;
}

/** Move all of the archive back; after that `preprocess` builds those days again. */
export async function restoreDays(
  { paths, signal, progress }: Context,
  folder: string | undefined,
  wait: Wait,
): Promise<Archived> {
  const archive = readArchive(paths);
  if (archive === undefined) {
    throw new UserError(
      "restore the archive",
      "there is none",
      "There is nothing to do",
      {
        exitCode: EXIT.usage,
      },
    );
  }
  if (folder !== undefined) await chooseArchive(paths, folder);
  const here = { ...archive, folder: folder === undefined ? archive.folder : resolve(folder) };
  if (!isReachable(here)) throw unreachable(here, "restore the archive");
  const done = nothing(here, "back from");
  const there = new DataPaths(here.folder);
  for (const source of ARCHIVED_SOURCES) {
    const files = Map.groupBy(there.files(`raw/${source}`), ({ day }) => day!);
    for (const [day, parts] of files) {
      if (signal.aborted || done.isBusy) return done;
      progress.update(() => `raw/${source} of ${day} back from ${here.folder}`);
      const list = parts.map(({ path }) => path);
      await moveFiles(done, { paths, from: here.folder, to: paths.root, files: list, wait });
      if (!done.isBusy) done.days.push(day);
    }
  }
  if (!done.isBusy) await removeArchive(paths, here);
  done.days = [...new Set(done.days)].sort();
  return done;
}

interface Move {
  paths: DataPaths;
  from: string;
  to: string;
  files: string[];
  wait: Wait;
}

/** Copy files to the same place under another root, then remove them while nobody reads. */
async function moveFiles(done: Archived, { paths, from, to, files, wait }: Move): Promise<void> {
  for (let left = files; left.length > 0;) {
    const copied = new Map<string, string>();
    for (const path of left) {
      copied.set(path, await copyFile(path, join(to, relative(from, path))));
    }
    const changed: string[] = [];
    const remove = () =>
      whileNobodyReads(paths, async () => {
        for (const [path, state] of copied) {
          const present = await stateOf(path);
          const copy = join(to, relative(from, path));
          if (present === state) {
            done.bytes += (await Deno.stat(copy)).size;
            done.files++;
            await Deno.remove(path);
          } else if (present === undefined) {
            // Every row of it was deleted meanwhile.
            await Deno.remove(copy);
          } else changed.push(path);
        }
        await sync(join(left[0]!, ".."));
      });
    while (!await remove()) {
      if (await wait()) continue;
      done.isBusy = true;
      return;
    }
    left = changed;
  }
}

function nothing({ folder }: Archive, direction: Archived["direction"]): Archived {
  return { folder, direction, files: 0, bytes: 0, days: [], isBusy: false, errors: [] };
}

/** Give the archive that a folder is, or is to become. */
async function chooseArchive(paths: DataPaths, named: string | undefined): Promise<Archive> {
  const known = readArchive(paths);
  const folder = named === undefined
    ? known?.folder ?? join(paths.root, "archive")
    : resolve(named);
  const wrong = (found: string, remedy: string) =>
    new UserError(`use ${folder} as archive`, found, remedy, { exitCode: EXIT.usage });
  if (folder === paths.root) throw wrong("it is the data folder", "Name another with --archive");
  const within = relative(paths.root, folder).split("/")[0]!;
  if (TABLE_FOLDERS.has(within)) {
    throw wrong(`it lies in the table ${within} of the data folder`, "Name another with --archive");
  }
  const marker = readMarker(folder);
  if (known === undefined || known.days.length === 0) {
    if (marker !== undefined && marker.id !== known?.id) {
      throw wrong(
        "it is the archive of another data folder, or of a lost one",
        "Name another with --archive; where archive.json was lost, put it back from a backup",
      );
    }
    const archive = { id: known?.id ?? crypto.randomUUID(), folder, days: [] };
    // Without its marker an archive without days can be begun anew.
    await writeArchive(paths, archive);
    await writeMarker(folder, { id: archive.id, removals: null });
    return archive;
  }
  if (marker?.id !== known.id) {
    throw named === undefined ? unreachable(known, "move raw data") : wrong(
      `raw data was moved to ${known.folder} before`,
      "Name that folder, or move it back first: deno task compact --restore",
    );
  }
  // The newly moved data may hold posts deleted since.
  await writeMarker(folder, { id: known.id, removals: null });
  const archive = { ...known, folder };
  await writeArchive(paths, archive);
  return archive;
}
