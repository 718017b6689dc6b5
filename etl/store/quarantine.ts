import { Buffer } from "node:buffer";
import { dirname } from "node:path";
import { now, utcDay } from "../run/clock.ts";
import { toJson } from "./json.ts";
import type { DataPaths } from "./paths.ts";

/** What one thing that was set aside keeps of itself, at most. */
const PAYLOAD_BYTES = 65_536;

/**
 * Sets aside what came from outside and cannot be a row, and counts it by reason.
 *
 * One JSON line each in `data/quarantine/<source>/`: when, why, where it stood, and the thing itself
 * (base64, its first 64 KiB).
 */
export class Quarantine {
  readonly counts: Record<string, number> = {};
  #lines: string[] = [];

  constructor(readonly paths: DataPaths, readonly source: string) {}

  /**
   * Set one thing aside until `commit`.
   *
   * `where` names its place (a cursor, a line number, a uri), never its text.
   */
  add(reason: string, where: Record<string, unknown>, payload: Uint8Array | string): void {
    this.counts[reason] = (this.counts[reason] ?? 0) + 1;
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    this.#lines.push(toJson({
      seen_at: now(),
      reason,
      ...where,
      bytes: bytes.length,
      payload: Buffer.from(bytes.subarray(0, PAYLOAD_BYTES)).toString("base64"),
    }));
  }

  /** How many were set aside. */
  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /** Write to disk what was added since the last call. */
  async commit(): Promise<void> {
    if (this.#lines.length === 0) return;
    const path = this.paths.quarantine(this.source, utcDay(now()));
    await Deno.mkdir(dirname(path), { recursive: true });
    using file = await Deno.open(path, { append: true, create: true });
    const bytes = new TextEncoder().encode(this.#lines.join("\n") + "\n");
    for (let written = 0; written < bytes.length;) {
      written += await file.write(bytes.subarray(written));
    }
    await file.syncData();
    this.#lines = [];
  }
}
