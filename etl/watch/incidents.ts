import { z } from "zod";
import type { Context } from "../command/command.ts";
import { now } from "../run/clock.ts";
import { describeError, EXIT, UserError } from "../run/error.ts";
import { delay } from "../run/pause.ts";
import { lock } from "../store/lock.ts";
import type { DataPaths } from "../store/paths.ts";
import { writeFromReserve } from "../store/reserve.ts";
import { StateFile } from "../store/state_file.ts";
import type { Study } from "../study/study.ts";
import { channels } from "./channel.ts";
import { cleaned, notice, NotSent } from "./notice.ts";

/** A failure that lasts until it is mended; holds no text of a post and no secret. */
export interface Incident {
  /** Such as `daily/sync:jetstream`: what stands before the first slash is its scope. */
  key: string;
  title: string;
  /** The remedy. */
  remedy: string;
  /** Nothing can mend it: its end is not told. */
  isFinal?: true;
}

const Entry = z.strictObject({
  key: z.string(),
  title: z.string(),
  remedy: z.string(),
  is_final: z.boolean(),
  /** When it was first seen. */
  since: z.iso.datetime(),
  /** Null while it lasts. */
  mended_at: z.iso.datetime().nullable(),
  /** Did a channel take it? Files of earlier versions say what became of it by channel. */
  told: z.union([
    z.boolean(),
    z.record(z.string(), z.string()).transform((by) => Object.values(by).includes("told")),
  ]),
});
/** An incident as the file keeps it until people know that it is mended. */
type IncidentEntry = z.infer<typeof Entry>;

/** Keys of incidents of a scope, after a settlement. */
export interface Settled {
  /** New ones. */
  opened: string[];
  /** Ended ones. */
  mended: string[];
  /** Ones still to be told at the next settlement. */
  untold: string[];
}

/** How often, and how many times, a process checks whether another one is done. */
const [AGAIN_MS, TRIES] = [250, 480];

type Settling = Pick<Context, "paths" | "warn" | "signal"> & {
  study: Pick<Study, "name" | "notify">;
};

/**
 * Tell people which incidents of a scope began and which are mended.
 *
 * `current` are all present incidents of the scope. One that no channel takes is a warning and told at the
 * next settlement. A crash between telling and noting lets it be told twice. One
 * process settles at a time. If it cannot be noted (a disk that is full, and whose reserve for this is
 * used up), it is told all the same.
 */
export async function settleIncidents(
  context: Settling,
  scope: string,
  current: Incident[],
): Promise<Settled> {
  const { paths, study, warn } = context;
  await using _lock = await hold(context);
  if (_lock === undefined) return { opened: [], mended: [], untold: current.map(({ key }) => key) };
  const entries = await readIncidents(paths, warn);
  const settled = takeIn(
    entries,
    scope,
    current.map((incident) => ({
      ...incident,
      title: cleaned(incident.title, study),
      remedy: cleaned(incident.remedy, study),
    })),
  );
  // A run killed while telling leaves it to the next one.
  const isNoted = await note(context, entries);
  // For all scopes: incidents untold after a night without network do not wait for their own scope.
  const known = await tell(context, entries);
  if (isNoted) await note(context, known);
  return { ...settled, untold: known.filter(isUntold).map(({ key }) => key) };
}

/**
 * Read the stored incidents; an unreadable file is reported with `warn`, and open incidents are then
 * told again. A damaged file is kept under another name.
 */
export async function readIncidents(
  paths: DataPaths,
  warn: (text: string) => void,
): Promise<IncidentEntry[]> {
  try {
    return incidentFile(paths).read() ?? [];
  } catch (error) {
    const isDamaged = error instanceof UserError;
    const what = isDamaged ? "is damaged" : `cannot be read (${describeError(error)})`;
    warn(`${paths.incidents()} ${what}: open incidents are told again`);
    if (isDamaged) {
      await Deno.rename(paths.incidents(), `${paths.incidents()}.damaged`).catch((cause) =>
        warn(`it cannot be kept aside: ${describeError(cause)}`)
      );
    }
    return [];
  }
}

function incidentFile(paths: DataPaths): StateFile<IncidentEntry[]> {
  return new StateFile(paths.incidents(), z.array(Entry) as z.ZodType<IncidentEntry[]>, {
    found: "it does not hold incidents",
    remedy: "Remove it",
  });
}

async function note({ paths, warn }: Settling, entries: IncidentEntry[]): Promise<boolean> {
  try {
    await writeFromReserve(paths.incidentsReserve(), () => incidentFile(paths).write(entries));
    return true;
  } catch (error) {
    warn(`told incidents cannot be noted, and are told again: ${describeError(error)}`);
    return false;
  }
}

/** Wait for the right to settle; undefined where another process does not finish. */
async function hold({ paths, warn, signal }: Settling): Promise<AsyncDisposable | undefined> {
  for (let tries = 0;; tries++) {
    try {
      return await lock(paths.locks(), "incidents", "tell of incidents");
    } catch (error) {
      if (!(error instanceof UserError && error.exitCode === EXIT.busy)) {
        // Telling twice is better than not telling.
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

/** Update the incidents of a scope; gives the new and the mended ones. */
function takeIn(
  entries: IncidentEntry[],
  scope: string,
  current: Incident[],
): Omit<Settled, "untold"> {
  const time = now().toISOString();
  const settled: Omit<Settled, "untold"> = { opened: [], mended: [] };
  const known = new Map(
    entries.filter(({ key }) => key.startsWith(`${scope}/`)).map((entry) => [entry.key, entry]),
  );
  for (const { key, title, remedy, isFinal = false } of current) {
    if (!key.startsWith(`${scope}/`)) throw new Error(`${key} is not in ${scope}`);
    const entry = known.get(key);
    if (entry?.mended_at !== null) settled.opened.push(key);
    if (entry !== undefined) Object.assign(entry, { title, remedy, mended_at: null });
    else {
      const told = { mended_at: null, told: false };
      const began = { key, title, remedy, is_final: isFinal, since: time, ...told };
      known.set(key, began);
      entries.push(began);
    }
  }
  const lasting = new Set(current.map(({ key }) => key));
  for (const entry of known.values()) {
    if (lasting.has(entry.key) || entry.mended_at !== null) continue;
    entry.mended_at = time;
    if (!entry.is_final) settled.mended.push(entry.key);
  }
  return settled;
}

/** Open incidents that were not told, and mended ones whose end was not told. */
function isUntold({ mended_at, told }: IncidentEntry): boolean {
  return mended_at !== null || !told;
}

/** Tell untold incidents; gives the ones to keep. */
async function tell(context: Settling, entries: IncidentEntry[]): Promise<IncidentEntry[]> {
  const { study, signal, warn } = context;
  let listening = channels(context);
  const nobody = listening.length === 0;
  for (const entry of entries.filter((it) => isUntold(it) && !(it.is_final && it.mended_at))) {
    const event = entry.mended_at === null ? "open" : "mended";
    let isTaken = false;
    for (const channel of listening) {
      try {
        await channel.send(notice(entry, event, study), signal);
        isTaken = true;
      } catch (error) {
        if (!(error instanceof NotSent)) throw error;
        warn(`${channel.name}: ${error.message}; it is tried again at the next run`);
        // A channel that refuses one refuses the others, and each try may take long.
        listening = listening.filter((other) => other !== channel);
      }
    }
    // A mended incident that was told is removed below.
    if (isTaken) Object.assign(entry, event === "open" ? { told: true } : { is_final: true });
  }
  return entries.filter(({ mended_at, is_final }) => mended_at === null || !(is_final || nobody));
}
