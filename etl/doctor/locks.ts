import { basename } from "node:path";
import { duration } from "../run/duration.ts";
import { readHolder } from "../store/lock.ts";
import { isDead } from "../store/owner.ts";
import type { Examination } from "./examination.ts";
import { type Finding, note, ok } from "./finding.ts";
import { isWithin } from "./mount.ts";

/** A run that goes on for so long is worth a look. */
const LONG_MS = 36 * 3_600_000;

/** Look for locks of processes that are gone, or that go on and on. */
export async function locks({ paths, files }: Examination): Promise<Finding[]> {
  const held = files().map(({ path }) => path)
    .filter((path) => isWithin(path, paths.locks()) && path.endsWith(".lock"));
  const dead: string[] = [];
  const findings: Finding[] = [];
  for (const path of held) {
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    const name = basename(path, ".lock");
    const where = holder.host ? ` (process ${holder.pid} on ${holder.host})` : "";
    if (isDead(holder)) {
      dead.push(`${name}${where}`);
      continue;
    }
    const born = (await Deno.stat(path)).birthtime?.getTime() ?? Date.now();
    if (Date.now() - born > LONG_MS) {
      findings.push(note(
        `${name} has been running for ${duration(Date.now() - born)}${where}`,
        "Look whether it still does something; where not, end that process",
      ));
    }
  }
  if (dead.length > 0) {
    findings.push(note(
      `${
        dead.length === 1 ? "a lock belongs" : `${dead.length} locks belong`
      } to processes that are ` +
        `gone: ${dead.toSorted().join(", ")}`,
      "The next run of the same task takes it over by itself; deno task status says how that one ended",
    ));
  }
  return findings.length > 0 ? findings : [ok("no lock of a dead process")];
}
