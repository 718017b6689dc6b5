import { join } from "node:path";
import { z } from "zod";
import { existsSync } from "node:fs";
import { removeIfThere } from "./if_there.ts";
import { StateFile } from "./state_file.ts";
import { removeLeftovers, sync } from "./whole_file.ts";

const Replacement = z.strictObject({
  /** New each time, so that a task that lists files notices a change meanwhile. */
  id: z.string(),
  /** `writing` changes nothing yet; from `switching` on the merged file counts as soon as it is there. */
  state: z.enum(["writing", "switching", "finished"]),
  /** Such as `raw/firehose`. */
  table: z.string(),
  day: z.iso.date(),
  /** The merged file, and the parts that it replaces, by their names in the folder of the day. */
  merged: z.string(),
  replaced: z.array(z.string()),
});

/** Which files readers leave out, as another file replaces these parts of a day, and how far that came. */
export type Replacement = z.infer<typeof Replacement>;

/** The suffix of a merged file until it counts; no task reads it. */
const UNCOUNTED = ".compacted";

/** Give the path at which a file that replaces others lies until readers count it. */
export function uncountedPath(root: string, { table, day, merged }: Replacement): string {
  return join(root, table, `date=${day}`, `${merged}${UNCOUNTED}`);
}

/** The file that says which files readers leave out; there is none before the first compaction. */
export function replacementFile(root: string): StateFile<Replacement> {
  return new StateFile(join(root, "compaction.json"), Replacement, {
    found: "it does not hold the list of a compaction",
    remedy:
      "Put back a copy from a backup; without it, compacted files that are not removed yet would count twice",
  });
}

/**
 * Give the paths of files that readers leave out although they are there: others are in their place.
 *
 * `exists` tells whether a path is there.
 */
export function replacedPaths(root: string, exists: (path: string) => boolean): Set<string> {
  const replacement = replacementFile(root).read();
  if (replacement === undefined || replacement.state !== "switching") return new Set();
  const { table, day, merged, replaced } = replacement;
  const at = (name: string) => join(root, table, `date=${day}`, name);
  return new Set(exists(at(merged)) ? replaced.map(at) : []);
}

/**
 * Finish a compaction: undo it where its merged file is not whole yet, else complete it.
 *
 * Only while no task reads. `at` is called after each step, for tests that end the process there.
 */
export async function finishReplacement(
  root: string,
  at: (step: string) => void = () => {},
): Promise<void> {
  const replacement = replacementFile(root).read();
  if (replacement === undefined || replacement.state === "finished") return;
  const { state, table, day, merged, replaced } = replacement;
  const folder = join(root, table, `date=${day}`);
  const uncounted = uncountedPath(root, replacement);
  if (state === "writing") {
    await removeLeftovers(uncounted);
    await removeIfThere(uncounted);
  } else {
    const path = join(folder, merged);
    if (existsSync(uncounted)) {
      await Deno.rename(uncounted, path);
      await sync(folder);
      at("merged file counts");
    }
    if (existsSync(path)) {
      for (const name of replaced) {
        await removeIfThere(join(folder, name));
        at("a part is removed");
      }
      await sync(folder);
    }
  }
  await replacementFile(root).write({ ...replacement, state: "finished" });
  at("finished");
}
