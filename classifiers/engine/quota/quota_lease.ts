import { join } from "node:path";
import { utcDay } from "../../../etl/run/clock.ts";
import { EXIT, UserError } from "../../../etl/run/error.ts";
import { lock } from "../../../etl/store/lock.ts";
import { isDead, type Owner, thisProcess } from "../../../etl/store/owner.ts";
import { sync } from "../../../etl/store/parquet.ts";
import { DayUse } from "./day_use.ts";
import { PACING_CLOCK, type PacingClock } from "./pacing_clock.ts";
import { type Quota, UNITS, type Weight } from "./quota.ts";

const BEAT_MS = 500;
/** How long what was seen of the others holds; whoever comes waits as long, so that all know of it. */
const VALID_MS = 2000;
const KEPT_MS = 2 * 86_400_000;

/** What stands in a process's file; the file's modification time is its heartbeat. */
interface Share extends Owner {
  joined_at: string;
  /** The process gave its share back; the file stays for what it used. */
  ended: boolean;
  used: Record<string, Weight>;
}
type SeenShare = Share & { heartbeat: number };

/**
 * A process's part of the quotas of a service, which all processes of a study share.
 *
 * Each has a file in the folder, which it alone writes, and takes 1/n of the rate while n are
 * alive. What is used of a day's quota is claimed there before it is taken, by one process at a
 * time: a crash never leaves less recorded than was taken. Files of processes that ended go after
 * two days. Works on NFS: exclusive creates and renames only.
 */
export class QuotaLease implements AsyncDisposable {
  readonly use = new DayUse();
  readonly #self: Owner;
  readonly #joinedAt: Date;
  /** Files that will not change any more. */
  readonly #ended = new Map<string, SeenShare>();
  #others: SeenShare[] = [];
  #seen = { now: -Infinity, utc: -Infinity };
  #readyAt = -Infinity;
  #work: Promise<unknown> = Promise.resolve();
  #beat: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  private constructor(readonly folder: string, readonly clock: PacingClock) {
    this.#self = thisProcess();
    this.#joinedAt = clock.utc();
  }

  /** Join the processes that share a folder (`DataPaths.quotas`). Throws where it cannot be written. */
  static async open(folder: string, clock: PacingClock = PACING_CLOCK): Promise<QuotaLease> {
    const lease = new QuotaLease(folder, clock);
    await Deno.mkdir(folder, { recursive: true });
    await lease.#write(false, true);
    await lease.refresh();
    await lease.#removeOld();
    if (lease.processes > 1) lease.#readyAt = clock.now() + VALID_MS;
    // What is not seen for too long holds no more: a beat that fails needs nothing else.
    const beat = setInterval(() => lease.refresh().catch(() => {}), BEAT_MS);
    Deno.unrefTimer(beat);
    lease.#beat = beat;
    return lease;
  }

  /** How many processes share the quotas, this one included. */
  get processes(): number {
    return 1 + this.#others.filter((other) => isAlive(other)).length;
  }

  /**
   * Give when the share may be used: `now`, or where the others do not know of this process yet, later.
   *
   * Infinity where the folder must be read again first, as after a sleep of the machine or a jump of
   * its clock.
   */
  readyAt(now: number): number {
    const utc = this.clock.utc().getTime();
    const fresh = now - this.#seen.now < VALID_MS && Math.abs(utc - this.#seen.utc) < VALID_MS;
    return fresh ? Math.max(now, this.#readyAt) : Infinity;
  }

  /** Give the share of the rate: 1/n; where it cannot be divided, the oldest process has it all. */
  share(undivided: boolean): number {
    if (!undivided) return 1 / this.processes;
    const older = this.#others.filter((other) => isAlive(other) && this.#isOlder(other));
    return older.length === 0 ? 1 : 0;
  }

  /** Whether another process may have taken something in the last milliseconds. */
  sharedWithin(ms: number): boolean {
    const since = this.#seen.utc - ms - VALID_MS;
    return this.#others.some((other) => isAlive(other) || other.heartbeat > since);
  }

  /** Show that this process is alive, and look who else is. */
  async refresh(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#closed) throw new Error("the lease was given back");
      // A full disk keeps nobody from seeing; that beat is then missed.
      await this.#write(false, false).catch(() => {});
      await this.#look();
    });
  }

  /**
   * Claim at least so much of the quota of a UTC day, durably, before it is taken.
   *
   * Gives false where not so much is left. Throws where it cannot be recorded.
   */
  async claim(quota: Quota, day: string, atLeast: number): Promise<boolean> {
    return await this.#inTurn(async () => {
      if (this.#closed) throw new Error("the lease was given back");
      await using _claim = await this.#exclusively();
      await this.#look();
      const usedByOthers = this.#others
        .reduce((sum, other) => sum + (other.used[day]?.[quota.unit] ?? 0), 0);
      const state = { amount: quota.amount, usedByOthers, processes: this.processes };
      if (!this.use.claim(day, quota.unit, atLeast, state, this.clock.now())) return false;
      await this.#write(false, true);
      return true;
    });
  }

  /** Give the share back, and what was claimed and not taken. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beat);
    await this.#inTurn(async () => {
      if (this.#closed) return;
      this.#closed = true;
      this.use.release();
      await this.#write(true, true);
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => {});
    return result;
  }

  async #exclusively(): Promise<AsyncDisposable> {
    for (;;) {
      try {
        return await lock(this.folder, "claim", "claim a part of a quota");
      } catch (error) {
        if (!(error instanceof UserError && error.exitCode === EXIT.busy)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 5 + 20 * Math.random()));
    }
  }

  async #write(ended: boolean, durably: boolean): Promise<void> {
    const share: Share = {
      ...this.#self,
      joined_at: this.#joinedAt.toISOString(),
      ended,
      used: this.use.claimed(),
    };
    // Renamed over the old file and not touched: that shows a file server's other clients a change.
    const beside = join(this.folder, `${this.#self.token}.part`);
    try {
      await Deno.writeTextFile(beside, JSON.stringify(share));
      if (durably) await sync(beside);
      await Deno.rename(beside, join(this.folder, `${this.#self.token}.json`));
    } catch (error) {
      await Deno.remove(beside).catch(() => {});
      throw error;
    }
    if (durably) await sync(this.folder);
  }

  async #look(): Promise<void> {
    const at = { now: this.clock.now(), utc: this.clock.utc().getTime() };
    const others: SeenShare[] = [];
    for await (const { name } of Deno.readDir(this.folder)) {
      if (!name.endsWith(".json") || name === `${this.#self.token}.json`) continue;
      const share = this.#ended.get(name) ?? await read(join(this.folder, name));
      if (share === undefined) continue;
      if (share.ended) this.#ended.set(name, share);
      others.push(share);
    }
    this.#others = others;
    this.#seen = at;
  }

  #isOlder(other: Share): boolean {
    const joined = this.#joinedAt.toISOString();
    return other.joined_at < joined ||
      other.joined_at === joined && other.token < this.#self.token;
  }

  /** Remove what nobody counts any more; a file is kept while a window that began with it may be open. */
  async #removeOld(): Promise<void> {
    const today = Date.parse(utcDay(this.clock.utc()));
    for (const other of this.#others) {
      if (isAlive(other) || this.#seen.utc - other.heartbeat < KEPT_MS) continue;
      if (Object.keys(other.used).some((day) => today - Date.parse(day) < KEPT_MS)) continue;
      for (const ending of ["json", "part"]) {
        await Deno.remove(join(this.folder, `${other.token}.${ending}`)).catch(() => {});
      }
    }
  }
}

/** Give what all runs of a UTC day have used of the quotas that share a folder. */
export async function usedOfDay(folder: string, day: string): Promise<Weight> {
  const used: Weight = { requests: 0, tokens: 0 };
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const share = name.endsWith(".json") ? await read(join(folder, name)) : undefined;
      for (const unit of UNITS) used[unit] += share?.used[day]?.[unit] ?? 0;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return used;
}

function isAlive(share: SeenShare): boolean {
  return !share.ended && !isDead(share);
}

/** Read a process's file; undefined where it has just gone. */
async function read(path: string): Promise<SeenShare | undefined> {
  let text: string;
  let mtime: Date | null;
  try {
    text = await Deno.readTextFile(path);
    mtime = (await Deno.stat(path)).mtime;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    const share = JSON.parse(text) as Share;
    const counts = Object.values(share.used).flatMap((used) => UNITS.map((unit) => used[unit]));
    if (!counts.every((count) => Number.isFinite(count))) throw new TypeError("no number");
    return { ...share, heartbeat: mtime?.getTime() ?? Date.now() };
  } catch (cause) {
    throw new UserError(
      `read ${path}`,
      "it does not say what a run used of a quota",
      "Remove it: what that run used today then counts no more",
      { cause },
    );
  }
}
