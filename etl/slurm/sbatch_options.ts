/** Options that the scripts set themselves. */
const OURS = [
  ...["array", "dependency", "open-mode", "requeue", "no-requeue", "signal", "wrap", "parsable"],
  ...["chdir", "export", "test-only", "wait"],
];
const SHORT: Record<string, string> = { a: "array", d: "dependency", D: "chdir", W: "wait" };

/**
 * Read options of sbatch such as `--partition=long --account=sociology`, one item each.
 *
 * Throws a RangeError where they are invalid, or would change the scripts' own options.
 */
export function sbatchOptions(text: string, before: string[] = []): string[] {
  if (/[\n\r]/.test(text)) throw new RangeError("has a line break");
  const options = text.trim().split(/\s+(?=-)/);
  for (const option of options) {
    const [, long, short] =
      /^(?:--([a-z][\w-]*)|-([A-Za-z]))(?:[=\s].*|[^=\s-].*)?$/.exec(option) ?? [];
    const name = long ?? SHORT[short ?? ""] ?? short;
    if (name === undefined) throw new RangeError("is not a list of options of sbatch");
    if (OURS.includes(name)) {
      throw new RangeError(`has --${name}, which the scripts set themselves`);
    }
  }
  return [...before, ...options];
}
