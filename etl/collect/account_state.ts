import type { Account } from "../atproto/frame.ts";
import { isRemoval, type TombstoneReason } from "../raw/tombstone.ts";

/** Account states that say something about the stream and nothing about what was written. */
const NOTED = ["throttled", "desynchronized"];

/**
 * Give what an `#account` event means: a reason for a tombstone, or a note for the coverage.
 *
 * By the lexicon `active` alone tells whether content may be shown, and a status may be missing or new:
 * an account that is not active and whose status we do not know is hidden, as that can be undone.
 */
export function accountState(
  { active, status = "" }: Account,
): { reason?: TombstoneReason; note?: string } {
  if (NOTED.includes(status)) return { note: status };
  if (active) return { reason: "active" };
  return { reason: isRemoval(status) ? status : "deactivated" };
}
