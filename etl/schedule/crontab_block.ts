import { Buffer } from "node:buffer";
import { UserError } from "../run/error.ts";

const ANY_MARK = /^# (BEGIN|END) civicsky "/;

/**
 * The lines of a study in a crontab, between two marks that name its data folder.
 *
 * Crontabs are bytes, because they may hold any: everything outside of the marks stays as it
 * is, to the byte.
 */
export class CrontabBlock {
  readonly #begin: string;
  readonly #end: string;

  /** `name` is that of the study, for people; the folder tells studies apart. */
  constructor(data: string, readonly name: string) {
    this.#begin = `# BEGIN civicsky ${JSON.stringify(data)}`;
    this.#end = `# END civicsky ${JSON.stringify(data)}`;
  }

  /** Give the block as text that ends with a line break. */
  text(lines: string[]): string {
    const name = this.name.replace(/\s+/g, " ").slice(0, 60);
    return [`${this.#begin}: ${name}`, ...lines, this.#end, ""].join("\n");
  }

  /**
   * Give a crontab with these lines in the place of the block, or behind its last line.
   *
   * Throws where the block is damaged, so that no other lines are taken for it.
   */
  putInto(crontab: Uint8Array, lines: string[]): Uint8Array {
    const all = linesOf(crontab);
    const { from, until } = this.#find(all) ?? { from: all.length, until: all.length };
    const before = all.slice(0, from);
    const last = before.at(-1);
    // cron requires a final line break, so a missing one is added.
    if (last !== undefined && !last.endsWith("\n")) before.push("\n");
    return bytesOf([...before, encoded(this.text(lines)), ...all.slice(until)]);
  }

  /** Give a crontab without the block; throws where the block is damaged. */
  takeOutOf(crontab: Uint8Array): Uint8Array {
    const all = linesOf(crontab);
    const found = this.#find(all);
    return found ? bytesOf([...all.slice(0, found.from), ...all.slice(found.until)]) : crontab;
  }

  /** Find the lines of the block, `until` excluded. */
  #find(lines: string[]): { from: number; until: number } | undefined {
    const marks = lines.flatMap((line, index) => ANY_MARK.test(line) ? [{ line, index }] : []);
    const begins = marks.filter(({ line }) => isMark(line, this.#begin));
    const ends = marks.filter(({ line }) => isMark(line, this.#end));
    if (begins.length === 0 && ends.length === 0) return undefined;
    const [begin, end] = [begins[0]?.index ?? NaN, ends[0]?.index ?? NaN];
    const isWhole = begins.length === 1 && ends.length === 1 && begin < end &&
      !marks.some(({ index }) => index > begin && index < end);
    if (isWhole) return { from: begin, until: end + 1 };
    const own = [...begins, ...ends].map(({ index }) => index + 1).sort((a, b) => a - b);
    throw new UserError(
      "change the crontab",
      `the marks of this study (line${own.length > 1 ? "s" : ""} ${own.join(", ")}) are not one ` +
        `"# BEGIN civicsky …" with its "# END civicsky …" behind it`,
      "Remove its lines and marks with crontab -e, then run the task again; nothing was changed",
    );
  }
}

/** Give the numbers of lines, from 1, that run something in a folder outside of all blocks. */
export function otherLines(crontab: Uint8Array, folder: string): number[] {
  const found: number[] = [];
  let isInBlock = false;
  for (const [index, line] of linesOf(crontab).entries()) {
    const mark = ANY_MARK.exec(line)?.[1];
    if (mark) isInBlock = mark === "BEGIN";
    else if (!isInBlock && /^\s*[^#\s]/.test(line) && runsIn(line, encoded(folder))) {
      found.push(index + 1);
    }
  }
  return found;
}

function runsIn(line: string, folder: string): boolean {
  return line.includes("deno") && line.includes(folder);
}

/** Somebody's editor may have written it with the line ends of Windows. */
function isMark(line: string, mark: string): boolean {
  const text = encoded(mark);
  return line.startsWith(text) && /^(:|\s*$)/.test(line.slice(text.length));
}

/** Give the lines with their ends, one character a byte. */
function linesOf(crontab: Uint8Array): string[] {
  return Buffer.from(crontab).toString("latin1").match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function bytesOf(lines: string[]): Uint8Array {
  return new Uint8Array(Buffer.from(lines.join(""), "latin1"));
}

/** Give a text with one character for each byte of its UTF-8. */
function encoded(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
