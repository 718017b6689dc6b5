import { variable } from "../run/environment.ts";

/** Tell whether stdout is a terminal whose locale is UTF-8 (POSIX, Environment Variables, 8.2). */
export function hasUnicode(): boolean {
  const locale = variable("LC_ALL") ?? variable("LC_CTYPE") ?? variable("LANG") ?? "";
  return Deno.stdout.isTerminal() && /utf-?8/i.test(locale);
}
