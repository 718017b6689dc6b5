import { nobodysFiles } from "../store/places.ts";
import { namedStrays } from "../store/stray_file.ts";
import type { Examination } from "./examination.ts";
import { type Finding, ok, warning } from "./finding.ts";

/** How many are named. */
const NAMED = 3;

/** Look for copies of files among the tables, and for files that no task writes. */
export function strays({ paths }: Examination): Finding {
  const copies = namedStrays(paths);
  if (copies !== undefined) return warning(copies, "Move copies out of the data folder");
  const others = nobodysFiles(paths);
  if (others.length === 0) return ok("the data folder holds what tasks write, and no copies of it");
  const more = others.length > NAMED ? ` and ${others.length - NAMED} more` : "";
  return warning(
    `${
      others.slice(0, NAMED).join(", ")
    }${more}: no task writes there, and what authors take back stays in it`,
    "Move what holds posts out of the data folder, and purge it by hand",
  );
}
