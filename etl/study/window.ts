import { createHash } from "node:crypto";
import { z } from "zod";

const HOUR_MS = 3_600_000;

const hour = z.int().min(0).max(23);

/**
 * Which hours a source collects, as `study.yaml` says it: `all`, `{ fixed: [18, 19] }` (UTC), or
 * `{ spread: 4 }`, which draws that many hours a day.
 */
export const Windows = z.union([
  z.literal("all"),
  z.strictObject({
    fixed: z.array(hour).min(1).refine(
      (hours) => new Set(hours).size === hours.length,
      "names an hour twice",
    ),
  }),
  z.strictObject({
    /** Hours a day; a divisor of 24, so that each stratum of the day is equally long. */
    spread: z.int().refine((n) => n > 0 && 24 % n === 0, "is none of 1, 2, 3, 4, 6, 8, 12, 24"),
    /** Another seed draws other hours. */
    seed: z.int().default(1),
  }),
], "is none of all, { fixed: [hours] } and { spread: n }");
/** The hours that a source collects, as `study.yaml` has them. */
export type Windows = z.infer<typeof Windows>;

/** An hour that `study.yaml` asks for, in event time. */
export interface Window {
  from: Date;
  /** Exclusive. */
  until: Date;
  /** Probability with which the hour was drawn; null where a person chose it. */
  window_prob: number | null;
}

/**
 * Give the windows of a UTC day, in order.
 *
 * `spread` parts the day into as many equal strata as hours are asked for and draws one hour in each,
 * independently and uniformly, so that every hour has the same inclusion probability n / 24 and no
 * part of the day is left out (stratified sampling with one unit a stratum). The draw is a hash of
 * seed, day and stratum: it is the same on every machine and at every run.
 */
export function windowsOfDay(windows: Windows, day: string): Window[] {
  const start = Date.parse(`${day}T00:00:00Z`);
  const at = (hour: number, window_prob: number | null): Window => ({
    from: new Date(start + hour * HOUR_MS),
    until: new Date(start + (hour + 1) * HOUR_MS),
    window_prob,
  });
  if (windows === "all") return Array.from({ length: 24 }, (_, hour) => at(hour, 1));
  if ("fixed" in windows) return windows.fixed.toSorted((a, b) => a - b).map((h) => at(h, null));
  const { spread, seed } = windows;
  const length = 24 / spread;
  return Array.from({ length: spread }, (_, stratum) => {
    const drawn = drawBelow(length, `${seed} ${day} ${stratum}`);
    return at(stratum * length + drawn, spread / 24);
  });
}

/** Draw a whole number from 0 to `bound` - 1, equally likely to within 2^-32. */
function drawBelow(bound: number, key: string): number {
  const hash = createHash("sha256").update(key).digest();
  return Math.floor(hash.readUInt32BE(0) / 2 ** 32 * bound);
}
