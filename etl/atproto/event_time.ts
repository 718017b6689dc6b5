import { z } from "zod";
import type { CborReader } from "./cbor_reader.ts";
import { FrameError } from "./frame_error.ts";

const DATETIME = z.regexes.datetime({ offset: true });
const FIRST = Date.parse("0001-01-01T00:00:00Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");
const MAX_LENGTH = 128;

/** Read the time of an event: a datetime of the AT Protocol that can be stored. */
export function readTime(reader: CborReader): string {
  const time = reader.ascii("time", MAX_LENGTH);
  if (!DATETIME.test(time)) throw new FrameError("time does not fit the lexicon");
  // Within these years no offset leads out of what can be stored.
  const isUsual = time > "0002" && time < "9999";
  if (!isUsual && !isStorable(time)) throw new FrameError("time is not within the years 1 to 9999");
  return time;
}

/**
 * Tell whether the time of an event lies in the years 1 to 9999 (UTC), which every table and
 * partition holds.
 */
export function isStorable(time: string): boolean {
  const milliseconds = Date.parse(time);
  return milliseconds >= FIRST && milliseconds <= LAST;
}
