import { join } from "node:path";
import { describeError } from "../run/error.ts";
import type { DataPaths } from "../store/paths.ts";
import type { Incident } from "./incidents.ts";

/** Less than this is no room for a run: a row of the ledger, a lock and a journal. */
const ROOM_BYTES = 1024 * 1024;

/**
 * Try whether a run could write: where the disk is full or the folder read-only, none can even enter its
 * start in the ledger, or tell anybody.
 */
export async function writing(paths: DataPaths): Promise<Incident[]> {
  const path = join(paths.root, `.writing-${Deno.pid}`);
  try {
    await Deno.writeFile(path, new Uint8Array(ROOM_BYTES), { createNew: true });
    return [];
  } catch (error) {
    // A study that never ran has no folder, which is said elsewhere.
    if (error instanceof Deno.errors.NotFound) return [];
    return [{
      key: "overdue/writing",
      title: `nothing can be written to the data folder: ${describeError(error)}`,
      remedy:
        "Make room or mend the rights of the folder (deno task doctor), then run deno task daily",
    }];
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}
