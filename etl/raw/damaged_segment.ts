import { describeError, UserError } from "../run/error.ts";
import { segmentLines } from "../store/journal.ts";

/** Damage stops only its segment; any other error stops all segments. */
export class DamagedSegment extends UserError {}

/**
 * Give the error for a segment with a damaged line, with the number of that line.
 *
 * `isStrange` tells of a line that is JSON whether it is none of ours; what only DuckDB could not read
 * is found by its message, `found`.
 */
export async function damagedSegment(
  segment: string,
  isStrange: (line: unknown) => boolean,
  found?: unknown,
): Promise<DamagedSegment> {
  const number = await firstDamagedLine(segment, isStrange) ??
    /\bline (\d+)/.exec(describeError(found ?? ""))?.[1];
  const line = number === undefined ? "a line of it" : `line ${number} of it`;
  return new DamagedSegment(
    `land the journal ${segment}`,
    `${line} is damaged`,
    "Remove that line and run the task again; the other segments have landed",
    // DuckDB's own message quotes the line, and with it a post's text: no cause.
    {},
  );
}

async function firstDamagedLine(
  segment: string,
  isStrange: (line: unknown) => boolean,
): Promise<number | undefined> {
  let number = 0;
  for await (const text of segmentLines(segment)) {
    number++;
    if (text === "") continue;
    try {
      if (isStrange(JSON.parse(text))) return number;
    } catch {
      return number;
    }
  }
  return undefined;
}
