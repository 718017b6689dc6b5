import { join } from "node:path";
import { ifThere } from "../run/if_there.ts";
import type { Examination } from "./examination.ts";
import { type Finding, ok, warning } from "./finding.ts";

const OF_OTHERS = 0o077;

/** See whether files with keys and tokens can be read by others. */
export async function secretFiles({ root, paths }: Examination): Promise<Finding[]> {
  const files = [join(root, ".env"), paths.session(), paths.hashKey()];
  const findings: Finding[] = [];
  for (const path of files) {
    const mode = (await ifThere(() => Deno.stat(path)))?.mode ?? undefined;
    if (mode === undefined || (mode & OF_OTHERS) === 0) continue;
    findings.push(warning(
      `${path} is open to other users of this machine (mode ${(mode & 0o777).toString(8)})`,
      `chmod 600 ${path}`,
    ));
  }
  return findings.length > 0 ? findings : [ok("keys and tokens are closed to others")];
}
