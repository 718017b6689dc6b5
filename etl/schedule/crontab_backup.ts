import { dirname } from "node:path";
import { now } from "../run/clock.ts";
import { sync } from "../store/whole_file.ts";
import type { DataPaths } from "../store/paths.ts";

/**
 * Keep a crontab as it is before it is changed, and give the file; it is durable when this returns.
 *
 * Its owner alone can read it: crontabs hold keys.
 */
export async function backUpCrontab(paths: DataPaths, crontab: Uint8Array): Promise<string> {
  const time = now().toISOString().slice(0, 19).replaceAll(":", "");
  const path = paths.crontabBackup(`${time}Z-${crypto.randomUUID().slice(0, 8)}`);
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeFile(path, crontab, { createNew: true, mode: 0o600 });
  await sync(path);
  return path;
}
