const DAY = 86_400_000;
/** The last day of Perspective, as Google announced it in February 2026. */
const LAST_DAY = "2026-12-31";
const HOST = "commentanalyzer.googleapis.com";

/**
 * Give the last UTC day of the Comment Analyzer at a root URL, undefined where none is known.
 *
 * Only Google's own service ends; compatible servers have no date. `daysLeft` is 0 on the last day
 * and negative once the service has ended.
 */
export function serviceEnd(
  rootUrl: string,
  now: Date,
): { date: string; daysLeft: number } | undefined {
  // A fully qualified name may end in a dot.
  if (new URL(rootUrl).hostname.replace(/\.$/, "") !== HOST) return undefined;
  const daysLeft = Math.floor(Date.parse(LAST_DAY) / DAY) - Math.floor(now.getTime() / DAY);
  return { date: LAST_DAY, daysLeft };
}
