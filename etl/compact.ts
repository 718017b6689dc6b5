import { delay } from "./run/pause.ts";
import { compactedTables, partsToMerge } from "./compact/parts.ts";
import { mergeParts } from "./compact/merge.ts";
import { type Archived, archiveDays, restoreDays } from "./compact/archive_days.ts";
import { now, utcDay } from "./run/clock.ts";
import { type Command, type Context, type Outcome } from "./command/command.ts";
import { EXIT, UserError } from "./run/error.ts";
import { positiveInteger } from "./run/option.ts";
import { lock } from "./store/lock.ts";
import { COMPACT, whileNobodyReads } from "./store/reading.ts";
import { finishReplacement } from "./store/replacement.ts";

/** How long a run waits in all for a moment without readers. */
const PATIENCE_MS = 10 * 60_000;
const PAUSE_MS = 500;
/** Posts are counted again for four days, and hosts replay three. */
const YOUNGEST_DAYS = 7;

/** The task `compact`. */
export const command: Command = {
  task: "compact",
  description:
    "Compact the small files that each run leaves in raw and coverage into a few per day.\n\n" +
    "Only past days are touched; rows and their order stay. You can kill it at any time: the next task\n" +
    "of any kind finishes or undoes its work. It waits while other tasks read.\n\n" +
    "With --older-than it also moves older raw data of the streams to an archive folder, where preprocess\n" +
    "need not read them: posts of those days stay as they are, and deleted posts leave the archive too.\n" +
    "--restore moves everything back.",
  options: [
    {
      flags: "--older-than <days>",
      description:
        `archive raw data of the streams older than this, at least ${YOUNGEST_DAYS} days`,
      parse: ageInDays,
    },
    {
      flags: "--archive <dir>",
      description: "archive folder (default: the one used before, else archive in the data folder)",
    },
    { flags: "--restore", description: "move the archive back into the data folder" },
  ],
  examples: [
    "deno task compact",
    "deno task compact --older-than 90 --archive /mnt/disk/study",
    "deno task compact --restore",
  ],
  holdsFiles: false,
  run: compact,
};

interface Options {
  olderThan?: number;
  archive?: string;
  restore?: boolean;
}

async function compact(context: Context, options: Options): Promise<Outcome> {
  const { paths, signal } = context;
  checkOptions(options);
  await using _lock = await lock(paths.locks(), COMPACT, "run compact");
  const patience = performance.now() + PATIENCE_MS;
  const wait = async () => {
    if (signal.aborted || performance.now() > patience) return false;
    await delay(PAUSE_MS);
    return true;
  };
  while (!await whileNobodyReads(paths, () => finishReplacement(paths.root))) {
    if (!await wait()) return outcome(new Totals(), undefined, true);
  }
  if (options.restore) {
    const restored = await restoreDays(context, options.archive, wait);
    return outcome(new Totals(), restored, restored.isBusy || signal.aborted);
  }
  const totals = await mergeAll(context, wait);
  const archived = options.olderThan === undefined || signal.aborted
    ? undefined
    : await archiveDays(context, daysAgo(options.olderThan), options.archive, wait);
  return outcome(totals, archived, totals.isBusy || archived?.isBusy || signal.aborted);
}

/** The result of compacting. */
class Totals {
  files_before = 0;
  files_after = 0;
  readonly days = new Set<string>();
  isBusy = false;
  readonly errors: UserError[] = [];
}

async function mergeAll(context: Context, wait: () => Promise<boolean>): Promise<Totals> {
  const { paths, database, signal, progress } = context;
  const totals = new Totals();
  const today = utcDay(now());
  for (const { folder, table } of compactedTables(paths)) {
    for (const { day, files } of await partsToMerge(paths, folder, today)) {
      if (signal.aborted || totals.isBusy) return totals;
      progress.update(() => `${folder} of ${day}: ${files.length} files`);
      try {
        const merged = await mergeParts({ paths, database, folder, table, day, files, wait });
        if (merged === "busy") totals.isBusy = true;
        if (merged !== "merged") continue;
        totals.files_before += files.length;
        totals.files_after++;
        totals.days.add(`${folder} ${day}`);
      } catch (error) {
        // Damage stops its day and no other.
        if (!(error instanceof UserError)) throw error;
        totals.errors.push(error);
      }
    }
  }
  return totals;
}

function outcome(totals: Totals, archived: Archived | undefined, stopped = false): Outcome {
  const { files_before, files_after, days, errors } = totals;
  const isBusy = totals.isBusy || archived?.isBusy === true;
  const summary = {
    files_before,
    files_after,
    days: days.size,
    ...archived && {
      archive: archived.folder,
      moved_files: archived.files,
      moved_megabytes: Math.round(archived.bytes / 1e4) / 100,
      first_day: archived.days[0] ?? null,
      last_day: archived.days.at(-1) ?? null,
    },
  };
  const moved = archived && `Moved ${archived.files} files (${summary.moved_megabytes} MB) ` +
      `of ${archived.days.length} days ${archived.direction} ${archived.folder}`;
  return {
    summary,
    text: [
      ...files_before > 0 || !archived
        ? [`Compacted ${files_before} files into ${files_after}, in ${days.size} days of tables`]
        : [],
      ...moved ? [moved] : [],
      ...isBusy ? ["Other tasks kept reading: run it again"] : [],
    ].join("\n"),
    stopped,
    errors: [...errors, ...archived?.errors ?? []],
  };
}

function checkOptions({ olderThan, archive, restore }: Options): void {
  const wrong = restore && olderThan !== undefined
    ? "--restore and --older-than are opposites"
    : archive !== undefined && !restore && olderThan === undefined
    ? "--archive needs --older-than or --restore"
    : archive?.trim() === ""
    ? "--archive names no folder"
    : undefined;
  if (wrong === undefined) return;
  throw new UserError("run compact", wrong, "See deno task compact --help", {
    exitCode: EXIT.usage,
  });
}

function ageInDays(text: string): number {
  const days = positiveInteger(text);
  if (days < YOUNGEST_DAYS) throw new RangeError(`is less than ${YOUNGEST_DAYS} days`);
  return days;
}

function daysAgo(days: number): string {
  return utcDay(new Date(now().getTime() - days * 86_400_000));
}
