import { delay } from "../run/pause.ts";
import type { Context } from "../command/command.ts";
import { now } from "../run/clock.ts";
import type { Study } from "../study/study.ts";
import { describeError, EXIT, UserError } from "../run/error.ts";
import { lock } from "../store/lock.ts";
import { type Channel, channels } from "./channel.ts";
import { type IncidentEntry, readIncidents, writeIncidents } from "./incident_file.ts";
import { NotSent } from "./not_sent.ts";
import { cleaned, type Notice, notice } from "./notice.ts";

/** Something that went wrong and lasts until it is mended; holds no text of a post and no secret. */
export interface Incident {
  /** Such as `daily/sync:jetstream`: what stands before the first slash is its scope. */
  key: string;
  title: string;
  /** What a person can do about it. */
  remedy: string;
  /** Nothing can mend it: that it is no more is not told. */
  isFinal?: true;
}

/** Keys of incidents of a scope, as a settlement left them. */
export interface Settled {
  /** That began. */
  opened: string[];
  /** That are no more. */
  mended: string[];
  /** That somebody is still to be told of, at the next settlement. */
  untold: string[];
}

/** How often, and how many times, one looks whether another process has done. */
const [AGAIN_MS, TRIES] = [250, 480];

type Settling = Pick<Context, "paths" | "warn" | "signal"> & {
  study: Pick<Study, "name" | "notify">;
};

/**
 * Tell people which incidents of a scope began and which are mended, each once a channel.
 *
 * `current` is all that goes wrong in the scope now. What a channel does not take is a warning and told at
 * the next settlement, as is what a crash left between telling and noting it: then it may be told twice.
 * One process settles at a time. Where nothing can be noted (a full disk), it is told all the same.
 */
export async function settleIncidents(
  context: Settling,
  scope: string,
  current: Incident[],
): Promise<Settled> {
  const { paths, study, warn } = context;
  await using _lock = await hold(context);
  if (_lock === undefined) return { opened: [], mended: [], untold: current.map(({ key }) => key) };
  const account = new Account(await readIncidents(paths, warn), scope);
  const settled = account.settle(current.map(({ key, title, remedy, isFinal }) => ({
    key,
    title: cleaned(title, study),
    remedy: cleaned(remedy, study),
    ...isFinal && { isFinal },
  })));
  let isNoted = true;
  const write = async () => {
    try {
      await writeIncidents(paths, account.entries);
    } catch (error) {
      if (isNoted) warn(`what is told cannot be noted, and is told again: ${describeError(error)}`);
      isNoted = false;
    }
  };
  await write();
  // Of all scopes: what a night without network kept from being told does not wait for its own.
  const untold = await tell(context, account.entries, write);
  account.close();
  await write();
  return { ...settled, untold };
}

/** Wait for the right to settle; undefined where another process does not come to its end. */
async function hold({ paths, warn, signal }: Settling): Promise<AsyncDisposable | undefined> {
  for (let tries = 0;; tries++) {
    try {
      return await lock(paths.locks(), "incidents", "tell of incidents");
    } catch (error) {
      if (!(error instanceof UserError && error.exitCode === EXIT.busy)) {
        // To tell twice is better than not at all.
        return { [Symbol.asyncDispose]: () => Promise.resolve() };
      }
      if (signal.aborted || tries >= TRIES) {
        warn(`incidents are told at the next run: ${error.found}`);
        return undefined;
      }
      await delay(AGAIN_MS, signal);
    }
  }
}

/** What is known of incidents, of all scopes. */
class Account {
  constructor(public entries: IncidentEntry[], readonly scope: string) {}

  ofScope(): IncidentEntry[] {
    return this.entries.filter(({ key }) => key.startsWith(`${this.scope}/`));
  }

  /** Take in what goes wrong now; gives what began and what is mended. */
  settle(current: Incident[]): Omit<Settled, "untold"> {
    const time = now().toISOString();
    const settled: Omit<Settled, "untold"> = { opened: [], mended: [] };
    const known = new Map(this.ofScope().map((entry) => [entry.key, entry]));
    const currentKeys = new Set(current.map(({ key }) => key));
    for (const { key, title, remedy, isFinal = false } of current) {
      if (!key.startsWith(`${this.scope}/`)) throw new Error(`${key} is not in ${this.scope}`);
      const entry = known.get(key);
      if (entry === undefined) {
        const began = {
          key,
          title,
          remedy,
          is_final: isFinal,
          since: time,
          mended_at: null,
          told: {},
        };
        known.set(key, began);
        this.entries.push(began);
      }
      if (entry?.mended_at !== null) settled.opened.push(key);
      if (entry) Object.assign(entry, { title, remedy, mended_at: null });
    }
    for (const entry of known.values()) {
      if (currentKeys.has(entry.key) || entry.mended_at !== null) continue;
      entry.mended_at = time;
      if (entry.is_final) {
        entry.told = {};
        continue;
      }
      settled.mended.push(entry.key);
    }
    return settled;
  }

  /** Forget what is mended and whoever was told of it knows so. */
  close(): void {
    this.entries = this.entries.filter(({ mended_at, told }) =>
      mended_at === null || Object.keys(told).length > 0
    );
  }
}

/** Tell what each channel does not know yet; gives the keys of what one did not take. */
async function tell(
  context: Settling,
  entries: IncidentEntry[],
  write: () => Promise<void>,
): Promise<string[]> {
  const untold = new Set<string>();
  const found = channels(context);
  // Who is no longer there need not be told that something is mended.
  for (const entry of entries) {
    for (const name of Object.keys(entry.told)) {
      if (!found.some((channel) => channel.name === name)) delete entry.told[name];
    }
  }
  for (const channel of found) {
    const news = entries.filter(({ mended_at, told }) =>
      mended_at === null ? told[channel.name] !== "told" : told[channel.name] !== undefined
    );
    for (const [index, entry] of news.entries()) {
      try {
        await tellOne(context, channel, entry, write);
      } catch (error) {
        if (!(error instanceof NotSent)) throw error;
        context.warn(`${channel.name}: ${error.message}; it is tried again at the next run`);
        // What refuses one refuses the others, and each may take its time.
        for (const left of news.slice(index)) {
          untold.add(left.key);
          // What ends before it could be told is told by its end.
          if (left.mended_at === null) left.told[channel.name] = "missed";
        }
        break;
      }
    }
  }
  return [...untold];
}

async function tellOne(
  { study, signal }: Settling,
  channel: Channel,
  entry: IncidentEntry,
  write: () => Promise<void>,
): Promise<void> {
  const send = (event: Notice["event"]) => channel.send(notice(entry, event, study), signal);
  if (entry.mended_at !== null) {
    await send("mended");
    delete entry.told[channel.name];
  } else {
    entry.told[channel.name] = "telling";
    await write();
    try {
      await send("open");
    } catch (error) {
      delete entry.told[channel.name];
      throw error;
    }
    entry.told[channel.name] = "told";
  }
  await write();
}
