/** What a cell of a table says, whatever tool wrote it. */

/** How R, Python, spreadsheets and databases write that there is nothing. */
const MISSING = /^(|NA|NaN|NULL|<NA>|#N\/A|\\N)$/;
/** What can be meant as nothing only where no words are expected. */
const MISSING_VALUE = /^(|n\/?a|nan|nat|null|none|nil|<na>|#n\/a|\\n|-)$/i;

/** A cell that does not say what its column should. */
export const UNREADABLE = Symbol("unreadable");

/** Does a cell of words (a text, an answer of a coder) say that there is nothing? */
export function isMissingText(text: string): boolean {
  return MISSING.test(text.trim());
}

/** Does a cell of a number or a time say that there is nothing? */
export function isMissingValue(text: string): boolean {
  return MISSING_VALUE.test(text.trim());
}

/**
 * Read an answer of a coder; null where the cell is missing.
 *
 * Tools write the same answer differently: `TRUE`, `True` and `true`; `1` and, in a column with gaps, `1.0`.
 */
export function readAnswer(text: string): string | null {
  const answer = text.trim();
  if (isMissingText(answer)) return null;
  if (/^(true|false)$/i.test(answer)) return answer.toLowerCase();
  return /^-?\d+\.0+$/.test(answer) ? answer.replace(/\.0+$/, "") : answer;
}

/** One mark between all groups of three digits, none begins with 0; a lone point or comma stands before a fraction too. */
const GROUPED = /^[1-9]\d{0,2}(?:([,.\u0020\u00a0\u2009\u202f'’_])\d{3}(?:\1\d{3})*)(?:[.,]0+)?$/;
const NUMBER = /^\+?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/**
 * Read a whole number that is not negative: `12`, `12.0`, `3e3`, `1e+05`, `1,234`, `1.234.567`, `1 234`.
 *
 * Null where the cell is missing. `1.234` is unreadable, as it may be a fraction.
 */
export function readCount(text: string): number | null | typeof UNREADABLE {
  if (isMissingValue(text)) return null;
  const [cell, mark] = GROUPED.exec(text.trim()) ?? [];
  const isGrouped = cell !== undefined && (mark !== "." || cell.split(".").length > 2);
  const plain = isGrouped
    ? cell.replace(/[.,]0{1,2}$/, "").replaceAll(mark!, "")
    : text.trim().replace(",", ".");
  const value = NUMBER.test(plain) ? Number(plain) : NaN;
  return Number.isSafeInteger(value) && value < 1e15 ? value : UNREADABLE;
}

/** Read a number from 0 to 1, with a point or a comma; null where the cell is missing. */
export function readProbability(text: string): number | null | typeof UNREADABLE {
  if (isMissingValue(text)) return null;
  const plain = text.trim().replace(",", ".");
  const value = NUMBER.test(plain) ? Number(plain) : NaN;
  return value >= 0 && value <= 1 ? value : UNREADABLE;
}

const TIME = new RegExp(
  "^(\\d{4}-\\d\\d-\\d\\d)" +
    "(?:[T ](\\d\\d:\\d\\d(?::[0-5]\\d(?:[.,]\\d{1,9})?)?)\\d*)?" +
    "\\s*(Z|UTC|GMT|[+-]\\d\\d(?::?\\d\\d)?)?$",
  "i",
);

/**
 * Read a time as ISO 8601 and databases write it; without a zone it is UTC, without a time midnight.
 *
 * Null where it is none, also for a day that no calendar has.
 */
export function readTime(text: string): Date | null {
  const [, day, clock, zone = "Z"] = TIME.exec(text.trim()) ?? [];
  if (day === undefined || clock === undefined && zone !== "Z") return null;
  // The end of a day by ISO 8601 is the beginning of the next.
  const isEnd = clock !== undefined && /^24:00(:00([.,]0+)?)?$/.test(clock);
  const offset = /^[+-]/.test(zone) ? zone : "Z";
  try {
    const { epochMilliseconds } = Temporal.Instant.from(
      `${day}T${isEnd ? "00:00" : clock ?? "00:00"}${offset}`,
    );
    const time = new Date(epochMilliseconds + (isEnd ? 86_400_000 : 0));
    return time.getUTCFullYear() < 1 ? null : time;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Read seconds since 1970, with or without a fraction; null where it is no such number. */
export function readEpoch(text: string): Date | null {
  return /^\d{9,10}(\.\d+)?$/.test(text.trim()) ? new Date(Number(text) * 1000) : null;
}
