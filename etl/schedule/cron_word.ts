/**
 * Give a text as one word of the command of a crontab line.
 *
 * Shells read what stands in single quotes as it is. A % would end the command for cron, quoted or not,
 * but for a backslash before it, which some crons take away and others leave to the shell: so that it
 * stands outside of quotes (crontab(5)). Throws a `RangeError` for control characters, which no crontab
 * can hold.
 */
export function cronWord(text: string): string {
  // deno-lint-ignore no-control-regex
  if (/[\0-\x1f\x7f]/.test(text)) throw new RangeError("holds a line break or control character");
  if (/^[\w@+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`).replaceAll("%", `'\\%'`)}'`;
}
