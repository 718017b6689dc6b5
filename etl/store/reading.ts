import { delay } from "../run/pause.ts";
import { join } from "node:path";
import { EXIT, UserError } from "../run/error.ts";
import { lock, readHolder } from "./lock.ts";
import { isDead } from "./owner.ts";
import type { DataPaths } from "./paths.ts";
import { finishReplacement, replacementFile } from "./replacement.ts";

/** The lock of `compact`, and the lock that it holds while it removes files. */
export const [COMPACT, SWITCH] = ["compact", "switch"];
/** How the locks of readers begin; each has a name of its own. */
const READER = "reader-";
const WAIT_MS = 50;

/** Those of this process share one file. */
interface Shared {
  readers: number;
  file: Promise<AsyncDisposable | undefined>;
}
const reading = new Map<string, Shared>();

/**
 * Hold the files that are listed from here on: none of them is removed until this is disposed.
 *
 * Others may read at the same time. Waits while `compact` switches files, which takes a moment,
 * and finishes a killed compaction.
 */
export async function holdFiles(paths: DataPaths): Promise<AsyncDisposable> {
  const shared = reading.get(paths.root) ?? { readers: 0, file: announce(paths) };
  reading.set(paths.root, shared);
  shared.readers++;
  const leave = async () => {
    if (--shared.readers > 0) return;
    if (reading.get(paths.root) === shared) reading.delete(paths.root);
    await (await shared.file)?.[Symbol.asyncDispose]();
  };
  try {
    await shared.file;
  } catch (error) {
    if (--shared.readers === 0) reading.delete(paths.root);
    throw error;
  }
  return { [Symbol.asyncDispose]: leave };
}

/** Do something while no task holds files; gives false, and does nothing, where one does. */
export async function whileNobodyReads(
  paths: DataPaths,
  work: () => Promise<void>,
): Promise<boolean> {
  const held = await unlessBusy(() => lock(paths.locks(), SWITCH, "switch files"));
  if (held === undefined) return false;
  await using _held = held;
  // Readers check that lock after announcing themselves: one of the two sees the other.
  if (await hasReaders(paths)) return false;
  await work();
  return true;
}

async function announce(paths: DataPaths): Promise<AsyncDisposable | undefined> {
  try {
    // Without collected data there is nothing to hold, and reading changes no folder.
    if (paths.names("raw").length + paths.names("coverage").length === 0) return undefined;
    await finishInterrupted(paths);
    await hasReaders(paths);
    for (;;) {
      const file = await lock(paths.locks(), `${READER}${crypto.randomUUID()}`, "read the data");
      const switching = await readHolder(join(paths.locks(), `${SWITCH}.lock`));
      if (switching === undefined || isDead(switching)) return file;
      await file[Symbol.asyncDispose]();
      await delay(WAIT_MS);
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    // A reader without the right or the room to write may still read; a missing folder needs no hold.
    return undefined;
  }
}

/** Finish a compaction whose process is gone, unless another task is reading. */
async function finishInterrupted(paths: DataPaths): Promise<void> {
  if ((replacementFile(paths.root).read()?.state ?? "finished") === "finished") return;
  const held = await unlessBusy(() => lock(paths.locks(), COMPACT, "finish a compaction"));
  await using _held = held;
  if (held !== undefined) await whileNobodyReads(paths, () => finishReplacement(paths.root));
}

/** Tell whether a task is reading; files of dead readers are removed. */
async function hasReaders(paths: DataPaths): Promise<boolean> {
  let names: string[];
  try {
    names = [...Deno.readDirSync(paths.locks())].map(({ name }) => name)
      .filter((name) => name.startsWith(READER));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  let alive = 0;
  for (const name of names) {
    const path = join(paths.locks(), name);
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    if (!isDead(holder)) {
      alive++;
      continue;
    }
    // Nobody takes its place, as each has a name of its own.
    await Deno.remove(path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  return alive > 0;
}

async function unlessBusy<T>(take: () => Promise<T>): Promise<T | undefined> {
  try {
    return await take();
  } catch (error) {
    if (error instanceof UserError && error.exitCode === EXIT.busy) return undefined;
    throw error;
  }
}
