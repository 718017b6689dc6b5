import { join } from "node:path";
import { isWritable } from "../run/process.ts";
import { type Examination, spaceOf, standingFolder } from "./examination.ts";
import { size } from "../run/amount.ts";
import { isNetwork } from "./file_system.ts";
import { type Finding, ok, warning } from "./finding.ts";
import { isWithin, mountOf } from "./mount.ts";

/** The size of packages and compiled code, with room for the next release. */
const [SMALL_HOME, SMALL] = [5e9, 1e9];
const MOVE =
  "Put it into project space: export DENO_DIR=/project/…/deno in ~/.profile, at the head of the crontab " +
  "and in batch scripts, then run deno install";

/** Give the folder of Deno's fetched packages; undefined where unknown. */
export function denoDirOf(variable: (name: string) => string | undefined): string | undefined {
  const set = variable("DENO_DIR");
  if (set) return set;
  const cache = variable("XDG_CACHE_HOME");
  const home = variable("HOME");
  if (Deno.build.os === "linux" && cache) return join(cache, "deno");
  if (home === undefined || Deno.build.os === "windows") return undefined;
  return join(home, Deno.build.os === "darwin" ? "Library/Caches/deno" : ".cache/deno");
}

/** Check whether the folder of packages can fill up a home folder, as on clusters. */
export async function denoDirectory({ denoDir, home, mounts }: Examination): Promise<Finding[]> {
  if (denoDir === undefined) return [];
  const folder = await standingFolder(denoDir);
  const { bytes } = await spaceOf(folder);
  const isHome = home !== undefined &&
    (isWithin(denoDir, home) || isWithin(folder, await Deno.realPath(home).catch(() => home)));
  const type = mounts && mountOf(folder, mounts)?.type;
  const findings: Finding[] = [];
  if (isHome && type !== undefined && isNetwork(type)) {
    findings.push(warning(
      `Deno keeps its packages in the home folder (${denoDir}), which lies on ${type}: its quota is ` +
        "soon used up",
      MOVE,
    ));
  } else if (bytes < (isHome ? SMALL_HOME : SMALL)) {
    findings.push(warning(`${size(bytes)} are free for Deno's packages (${denoDir})`, MOVE));
  }
  if (isWritable(folder) === false) {
    findings.push(warning(
      `Deno cannot write to its folder of packages ${denoDir}`,
      "Nothing new can be fetched. Give this user the right to write there, or name another folder " +
        "with DENO_DIR",
    ));
  }
  return findings.length > 0 ? findings : [ok(`Deno's packages lie in ${denoDir}`)];
}
