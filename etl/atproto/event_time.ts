import { z } from "zod";
import type { CborReader } from "./cbor_reader.ts";
import { FrameError } from "./frame_error.ts";

const DATETIME = z.regexes.datetime({ offset: true });
const FIRST = Date.parse("0001-01-01T00:00:00Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");
const MAX_LENGTH = 128;
/** How nearly all events have their time: only the digits differ. */
const USUAL = "0000-00-00T00:00:00.000Z";

/** The last day of which a usual time was read: its digits as one number, and when it begins. */
let day = { digits: NaN, beginning: NaN };

/**
 * Read the time of an event, a datetime of the AT Protocol that can be stored.
 *
 * Gives milliseconds since 1970; what is more precise is cut off.
 */
export function readTime(reader: CborReader): number {
  const { at, bytes } = reader;
  const start = reader.text("time");
  const ofDay = isUsual(bytes, start, reader.at) ? timeOfDay(bytes, start) : NaN;
  const digits = ofDay >= 0 ? dayDigits(bytes, start) : NaN;
  if (digits === day.digits) return day.beginning + ofDay;
  reader.at = at;
  const time = parseTime(reader.ascii("time", MAX_LENGTH), "time");
  if (ofDay >= 0) day = { digits, beginning: time - ofDay };
  return time;
}

/** Parse the time of an event, in milliseconds since 1970; `what` names it in the error, a `FrameError`. */
export function parseTime(text: unknown, what: string): number {
  const isTime = typeof text === "string" && text.length <= MAX_LENGTH && DATETIME.test(text);
  if (!isTime) throw new FrameError(`${what} does not fit the lexicon`);
  if (!isStorable(text)) throw new FrameError(`${what} is not within the years 1 to 9999`);
  return Date.parse(text);
}

/**
 * Tell whether the time of an event lies in the years 1 to 9999 (UTC), which every table and
 * partition holds.
 */
export function isStorable(time: string): boolean {
  const milliseconds = Date.parse(time);
  return milliseconds >= FIRST && milliseconds <= LAST;
}

function isUsual(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== USUAL.length) return false;
  for (let i = 0; i < USUAL.length; i++) {
    const [byte, usual] = [bytes[start + i]!, USUAL.charCodeAt(i)];
    if (usual === 0x30 ? byte < 0x30 || byte > 0x39 : byte !== usual) return false;
  }
  return true;
}

/** Give the milliseconds since midnight of a usual time; NaN where there is no such time. */
function timeOfDay(bytes: Uint8Array, start: number): number {
  const hours = number(bytes, start + 11, 2);
  const minutes = number(bytes, start + 14, 2);
  const seconds = number(bytes, start + 17, 2);
  if (hours > 23 || minutes > 59 || seconds > 59) return NaN;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + number(bytes, start + 20, 3);
}

function dayDigits(bytes: Uint8Array, start: number): number {
  const [year, month] = [number(bytes, start, 4), number(bytes, start + 5, 2)];
  return (year * 100 + month) * 100 + number(bytes, start + 8, 2);
}

function number(bytes: Uint8Array, start: number, digits: number): number {
  let value = 0;
  for (let i = start; i < start + digits; i++) value = value * 10 + bytes[i]! - 0x30;
  return value;
}
