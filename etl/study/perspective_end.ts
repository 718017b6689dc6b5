import { now } from "../run/clock.ts";
import { variable } from "../run/environment.ts";
import { serviceEnd } from "./service_end.ts";

const GOOGLE = "https://commentanalyzer.googleapis.com/";

/** The end of the configured Perspective service. */
export interface PerspectiveEnd {
  /** Its last UTC day. */
  date: string;
  /** 0 on the last day, negative after it. */
  days_left: number;
}

/**
 * Give the end of the Perspective that the environment names, null where none is known.
 *
 * Only Google's service has an end, if there is a key for it; servers with the same API have no date.
 */
export function perspectiveEnd(): PerspectiveEnd | null {
  if (variable("PERSPECTIVE_API_KEY") === undefined) return null;
  const rootUrl = variable("PERSPECTIVE_ROOT_URL") ?? GOOGLE;
  // A wrong address is an error of the task that asks the service.
  const end = URL.canParse(rootUrl) ? serviceEnd(rootUrl, now()) : undefined;
  return end === undefined ? null : { date: end.date, days_left: end.daysLeft };
}

/** Whether a text is one of `describePerspectiveEnd`, of whatever day. */
export function isPerspectiveEnd(text: string): boolean {
  return /^Google end(s|ed) Perspective on /.test(text);
}

/** Describe when the service ends or ended, and the remedy. */
export function describePerspectiveEnd({ date, days_left }: PerspectiveEnd): string {
  if (days_left < 0) {
    return `Google ended Perspective on ${date}. Name a server with its API in ` +
      "PERSPECTIVE_ROOT_URL (CommentGuard, Respectify); see docs/perspective.md";
  }
  const when = days_left === 0 ? "today" : days_left === 1 ? "tomorrow" : `in ${days_left} days`;
  return `Google ends Perspective on ${date}, ${when}. Until then deno task panel can freeze posts ` +
    "to link a successor to it; see docs/perspective.md";
}
