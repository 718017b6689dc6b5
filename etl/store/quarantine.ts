import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { now, utcDay } from "../run/clock.ts";
import { describeError, UserError } from "../run/error.ts";
import { trim } from "./journal.ts";
import { toJson } from "./json.ts";
import { authorOf } from "./message_author.ts";
import type { DataPaths } from "./paths.ts";

/** Most bytes kept of one item. */
const PAYLOAD_BYTES = 65_536;
/** Enough to tell that two things are the same, and too few to find out what one was by trying texts. */
const HASH_DIGITS = 8;
/** Most bytes kept of one source and day: a host of junk would fill the disk. */
const DAY_BYTES = 100_000_000;

/**
 * Sets aside received items that cannot become rows, and counts them by reason.
 *
 * One JSON line each in `data/quarantine/<source>/`: when, why, where it stood, its size and hash; and
 * the thing itself (base64, its first 64 KiB) where the line names the post or account by which a
 * deletion finds it. What comes once a day's file has 100 MB is counted alone; the line `no_more_kept`
 * says so.
 */
export class Quarantine {
  readonly counts: Record<string, number> = {};
  #lines: string[] = [];
  /** Characters of those lines. */
  #length = 0;

  constructor(readonly paths: DataPaths, readonly source: string) {}

  /**
   * Set one thing aside until `commit`.
   *
   * `where` names its place (a cursor, a line number, a uri), never its text. The account that a
   * message is about is added where it can be read.
   */
  add(reason: string, where: Record<string, unknown>, payload: Uint8Array | string): void {
    this.counts[reason] = (this.counts[reason] ?? 0) + 1;
    if (this.#length > DAY_BYTES) return;
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    const did = where.uri === undefined ? where.did ?? authorOf(payload) : undefined;
    const isNamed = where.uri !== undefined || did !== undefined;
    const line = toJson({
      seen_at: now(),
      reason,
      ...where,
      ...did !== undefined && { did },
      bytes: bytes.length,
      hash: createHash("sha256").update(bytes).digest("hex").slice(0, HASH_DIGITS),
      ...isNamed && { payload: Buffer.from(bytes.subarray(0, PAYLOAD_BYTES)).toString("base64") },
    });
    this.#lines.push(line);
    this.#length += line.length;
  }

  /** How many were set aside. */
  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /**
   * Write items added since the last call to disk.
   *
   * Throws where the disk is full; the items then wait for the next call.
   */
  async commit(): Promise<void> {
    const lines = this.#lines;
    if (lines.length === 0) return;
    // Lines that are added while this writes belong to the next commit.
    this.#lines = [];
    this.#length = 0;
    const path = this.paths.quarantine(this.source, utcDay(now()));
    await Deno.mkdir(dirname(path), { recursive: true });
    using file = await Deno.open(path, { append: true, create: true });
    const whole = await trim(path);
    const bytes = atMost(DAY_BYTES - whole, new TextEncoder().encode(lines.join("\n") + "\n"));
    try {
      for (let written = 0; written < bytes.length;) {
        written += await file.write(bytes.subarray(written));
      }
      await file.syncData();
    } catch (cause) {
      await file.truncate(whole);
      this.#lines = [...lines, ...this.#lines];
      this.#length += bytes.length;
      throw new UserError(
        `write the quarantine ${path}`,
        describeError(cause),
        "Free some space and run the task again; it goes on where the journal ends",
        { cause },
      );
    }
  }
}

/** Give whole lines up to the one that fills the room, and behind it the line that says so. */
function atMost(room: number, lines: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (room <= 0) return new Uint8Array();
  if (lines.length < room) return lines;
  const kept = lines.subarray(0, lines.indexOf(10, room - 1) + 1);
  const end = new TextEncoder().encode(toJson({ seen_at: now(), reason: "no_more_kept" }) + "\n");
  const all = new Uint8Array(kept.length + end.length);
  all.set(kept);
  all.set(end, kept.length);
  return all;
}
