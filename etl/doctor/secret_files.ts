import { join } from "node:path";
import type { Examination } from "./examination.ts";
import { type Finding, ok, warning } from "./finding.ts";

const OF_OTHERS = 0o077;

/** See whether files with keys and tokens can be read by others. */
export async function secretFiles({ root, paths }: Examination): Promise<Finding[]> {
  const files = [join(root, ".env"), paths.session(), paths.hashKey()];
  const findings: Finding[] = [];
  for (const path of files) {
    const mode = await modeOf(path);
    if (mode === undefined || (mode & OF_OTHERS) === 0) continue;
    findings.push(warning(
      `${path} is open to other users of this machine (mode ${(mode & 0o777).toString(8)})`,
      `chmod 600 ${path}`,
    ));
  }
  return findings.length > 0 ? findings : [ok("keys and tokens are closed to others")];
}

/** Undefined where there is no such file, or where files have no mode. */
async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(path)).mode ?? undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
