import { join } from "node:path";
import { z } from "zod";
import { utcDay } from "../run/clock.ts";
import { namesIn, removeIfThere } from "../store/if_there.ts";
import { StateFile } from "../store/state_file.ts";
import { type Quota, UNITS, type Weight } from "./quota.ts";

/** The part of a day's quota recorded at once, so that not every request waits for the disk. */
const CLAIMED_SHARE = 0.001;
const KEPT_MS = 2 * 86_400_000;

/** The use of a run, by day. */
const RunUse = z.object({
  used: z.record(z.string(), z.object({ requests: z.number(), tokens: z.number() })),
});
const useFile = (path: string) =>
  new StateFile(path, RunUse, {
    found: "it does not hold a run's use of a quota",
    remedy: "Remove it: that run's use of today is then not counted",
  });

/** Use that counts against the quotas of a day: taken, or claimed to be taken soon. */
interface Counts {
  claimed: Weight;
  taken: Weight;
}

/**
 * The use of quotas of UTC days by this run and earlier ones.
 *
 * A run durably claims a little more than it needs, and takes from that. A run that dies has recorded
 * at least what it took. Each run has its own file, which is removed after two days.
 */
export class DayUse implements AsyncDisposable {
  readonly #days = new Map<string, Counts>();
  readonly #path: string | undefined;

  private constructor(folder: string | undefined, readonly earlier: Record<string, Weight>) {
    this.#path = folder && join(folder, `${crypto.randomUUID()}.json`);
  }

  /** Count in memory alone. */
  static unrecorded(): DayUse {
    return new DayUse(undefined, {});
  }

  /**
   * Read the use of a service's quotas by earlier runs (`DataPaths.quotas`).
   *
   * The caller holds the lock `quota-<service>`: later use by others is not seen. Throws
   * where a file is damaged, and where the folder cannot be written.
   */
  static async open(folder: string): Promise<DayUse> {
    await Deno.mkdir(folder, { recursive: true });
    const earlier: Record<string, Weight> = {};
    for (const name of namesIn(folder)) {
      if (name.endsWith(".part")) await removeIfThere(join(folder, name));
    }
    for await (const { path, used, age } of runsOf(folder)) {
      const isOld = age >= KEPT_MS &&
        Object.keys(used).every((day) => Date.now() - Date.parse(day) >= KEPT_MS);
      if (isOld) await Deno.remove(path);
      for (const [day, weight] of Object.entries(used)) {
        earlier[day] ??= { requests: 0, tokens: 0 };
        for (const unit of UNITS) earlier[day][unit] += weight[unit];
      }
    }
    const use = new DayUse(folder, earlier);
    await use.#write();
    return use;
  }

  /** Give claimed quota that is not taken yet. */
  claimed(day: string, unit: keyof Weight): number {
    const { claimed, taken } = this.#counts(day);
    return claimed[unit] - taken[unit];
  }

  /** Give the rest of a day's quota for this run, including its claims. */
  left({ unit, amount }: Quota, day: string): number {
    return amount - (this.earlier[day]?.[unit] ?? 0) - this.#counts(day).taken[unit];
  }

  /** Claim some of a day's quota, and a little more if left. Throws where it cannot be recorded. */
  async claim(quota: Quota, day: string, weight: number): Promise<void> {
    const { claimed, taken } = this.#counts(day);
    const step = Math.max(weight, Math.floor(quota.amount * CLAIMED_SHARE));
    const before = claimed[quota.unit];
    claimed[quota.unit] = taken[quota.unit] + Math.min(step, this.left(quota, day));
    try {
      await this.#write();
    } catch (error) {
      claimed[quota.unit] = before;
      throw error;
    }
  }

  take(day: string, weight: Weight): void {
    const { claimed, taken } = this.#counts(day);
    for (const unit of UNITS) {
      taken[unit] += weight[unit];
      // A unit without a quota of a day is counted and never claimed.
      claimed[unit] = Math.max(claimed[unit], taken[unit]);
    }
  }

  refund(day: string, weight: Weight): void {
    const { taken } = this.#counts(day);
    for (const unit of UNITS) taken[unit] = Math.max(0, taken[unit] - weight[unit]);
  }

  /** Give back claimed quota that was not taken. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const counts of this.#days.values()) counts.claimed = { ...counts.taken };
    await this.#write();
  }

  async #write(): Promise<void> {
    if (this.#path === undefined) return;
    const used = Object.fromEntries([...this.#days].map(([day, { claimed }]) => [day, claimed]));
    await useFile(this.#path).write({ used });
  }

  #counts(day: string): Counts {
    const counts = this.#days.get(day) ??
      { claimed: { requests: 0, tokens: 0 }, taken: { requests: 0, tokens: 0 } };
    this.#days.set(day, counts);
    return counts;
  }
}

/** Give the use of a service's quotas by all runs of a UTC day. */
export async function usedOfDay(folder: string, day = utcDay(new Date())): Promise<Weight> {
  const sum: Weight = { requests: 0, tokens: 0 };
  for await (const { used } of runsOf(folder)) {
    for (const unit of UNITS) sum[unit] += used[day]?.[unit] ?? 0;
  }
  return sum;
}

/** Read the files of runs: what each used by day, and how long ago it was written. */
async function* runsOf(
  folder: string,
): AsyncGenerator<{ path: string; used: Record<string, Weight>; age: number }> {
  for (const name of namesIn(folder).filter((name) => name.endsWith(".json"))) {
    const path = join(folder, name);
    const { used } = useFile(path).read()!;
    const { mtime } = await Deno.stat(path);
    yield { path, used, age: Date.now() - (mtime?.getTime() ?? 0) };
  }
}
