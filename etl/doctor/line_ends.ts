import { CHECK_OUT_AGAIN, hasWindowsLineEnds } from "../schedule/line_ends.ts";
import { type Finding, ok, problem } from "./finding.ts";

/** Look whether a shell can run the scripts of this checkout. */
export function lineEnds(root: string): Promise<Finding[]> {
  return Promise.resolve([
    hasWindowsLineEnds(root)
      ? problem(
        "the scripts of this checkout have the line ends of Windows: every line of cron fails unseen",
        CHECK_OUT_AGAIN,
      )
      : ok("the scripts of this checkout can be run by a shell"),
  ]);
}
