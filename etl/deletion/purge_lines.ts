import { EXIT, UserError } from "../run/error.ts";
import { segmentLines } from "../store/journal.ts";
import { lock } from "../store/lock.ts";
import { removeLeftovers, replaceFile } from "../store/whole_file.ts";
import type { DataPaths } from "../store/paths.ts";

/** Purge something under its lock; gives false where another process holds it. */
export async function whileIdle(
  paths: DataPaths,
  name: string,
  work: () => Promise<void>,
): Promise<boolean> {
  let held: AsyncDisposable;
  try {
    held = await lock(paths.locks(), name, "purge deleted posts");
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode !== EXIT.busy) throw error;
    return false;
  }
  await using _lock = held;
  await work();
  return true;
}

/**
 * Rewrite a file of JSON lines without those of removed posts; gives how many those are.
 *
 * `keyOf` gives the key of a line's post; by default its uri.
 */
export async function purgeLines<K = string>(
  path: string,
  isGone: (key: K) => boolean,
  keyOf = uriOf as (line: string) => K | undefined,
): Promise<number> {
  await removeLeftovers(path);
  let [lines, gone] = [0, 0];
  const isKept = (line: string) => {
    const key = keyOf(line);
    return key === undefined || !isGone(key);
  };
  for await (const line of segmentLines(path)) {
    lines++;
    if (!isKept(line)) gone++;
  }
  if (gone === 0) return 0;
  if (gone === lines) {
    await Deno.remove(path);
    return gone;
  }
  const kept = async function* () {
    for await (const line of segmentLines(path)) {
      if (line !== "" && isKept(line)) yield `${line}\n`;
    }
  };
  await replaceFile(path, (beside) => Deno.writeTextFile(beside, ReadableStream.from(kept())));
  return gone;
}

/** Give the uri that a line names; a process that was killed may have left half a last line. */
function uriOf(line: string): string | undefined {
  try {
    return (JSON.parse(line) as { uri?: string }).uri;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return /"uri":"([^"]+)"/.exec(line)?.[1];
  }
}
