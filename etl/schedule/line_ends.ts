import { join } from "node:path";

/** What to do where the scripts have the line ends of Windows. */
export const CHECK_OUT_AGAIN =
  "Check it out anew without them: git config core.autocrlf false, git rm -r --cached -q ., git reset --hard";

/** Does the script that cron starts have lines that end in CR LF, in which a shell finds no command? */
export function hasWindowsLineEnds(root: string): boolean {
  return Deno.readTextFileSync(join(root, "etl/schedule/cron_run.sh")).includes("\r");
}
