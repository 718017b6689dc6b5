/**
 * Give the form in which the ways to write a label are compared: without case, quotes, stars and a
 * full stop around it, and with one space for any run of hyphens, underscores and white space.
 */
export function plainLabel(written: string): string {
  return written.normalize("NFKC").toLowerCase()
    .replace(/[\s_\p{Pd}]+/gu, " ")
    .replace(/^[\s"'“”‘’`*.<>]+|[\s"'“”‘’`*.<>]+$/g, "");
}
