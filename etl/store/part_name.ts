import { now } from "../run/clock.ts";

/** Name a file of ours: by time, so that names sort, and so that no two are alike. */
export function partName(time = now()): string {
  return `${time.toISOString().replace(/[-:.]/g, "")}-${crypto.randomUUID().slice(0, 8)}`;
}
