import { namedStrays } from "../store/stray_file.ts";
import type { Examination } from "./examination.ts";
import { type Finding, ok, warning } from "./finding.ts";

/** Look for copies of files among the tables. */
export function strays({ paths }: Examination): Finding {
  const named = namedStrays(paths);
  if (named === undefined) return ok("the tables hold no copies of files");
  return warning(named, "Move copies out of the data folder");
}
