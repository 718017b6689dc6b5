/** What the numbers and times of a place in a stream mean, whichever server wrote them. */

/** A cursor below this is a sequence number, from here on it is microseconds since 1970. */
export const FIRST_TIME_CURSOR = 1_000_000_000_000_000;
/** As far as a post can be dated ahead of its place in the stream. */
export const AHEAD_MINUTES = 10;
