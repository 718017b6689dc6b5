import { EXIT, UserError } from "../run/error.ts";
import { localTime } from "./local_time.ts";
import type { ScheduleTimes } from "./schedule_times.ts";

/** The place of a schedule's runs; all paths are absolute. */
export interface SchedulePlace {
  /** The folder of civicsky. */
  root: string;
  deno: string;
  data: string;
  study: string;
  logs: string;
  /** Variables that cron would not set, or set differently. */
  variables: Record<string, string>;
}

/** A line of a schedule. */
export interface ScheduleLine {
  task: string;
  /** The five fields of crontab(5). */
  fields: string;
  command: string;
}

/** Longer ones are refused by Vixie's cron and its descendants (MAX_COMMAND). */
const LONGEST = 998;
/** Minutes that the second line of `daily` is behind the first, and `status --check` behind that. */
const [MISSED_AFTER, CHECK_AFTER] = [20, 5];

/**
 * Give the lines that run a study: its stream, `daily`, `daily` where that was missed, `status --check`.
 *
 * They set all they need themselves, so that other lines around them work as before.
 * Throws a usage error for a path that no crontab can hold.
 */
export function scheduleLines(
  place: SchedulePlace,
  stream: string,
  times: ScheduleTimes,
): ScheduleLine[] {
  const { at } = times;
  const { minute } = localTime(at, times.offset);
  const missed = (minute + MISSED_AFTER) % 60;
  const check = (missed + CHECK_AFTER) % 60;
  const line = (fields: string, when: string, task: string, ...args: string[]) => ({
    task,
    fields,
    command: command(place, when, task, args),
  });
  return [
    line("*/10 * * * *", "now", `sync:${stream}`),
    line(`${minute} ${dailyHours(times).join(",")} * * *`, `at=${at}`, "daily"),
    line(`${missed} * * * *`, `missed=${at}`, "daily"),
    line(`${check} * * * *`, "now", "status", "--check"),
  ];
}

/**
 * Give the hours of the clock at which `daily` may be due: one, or two where the clock changes.
 *
 * It runs at the due one (`cron_run.sh`) in each season.
 */
export function dailyHours({ at, offset, change }: ScheduleTimes): number[] {
  const own = localTime(at, offset);
  const other = change ? localTime(at, change.after) : own;
  // Half an hour of summer time, as on Lord Howe Island, is left to the second line.
  const hours = other.minute === own.minute ? [own.hour, other.hour] : [own.hour];
  return [...new Set(hours)].sort((a, b) => a - b);
}

function command(
  { root, deno, data, study, logs, variables }: SchedulePlace,
  when: string,
  task: string,
  args: string[],
): string {
  const words = [
    "/usr/bin/env",
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    "/bin/sh",
    `${root}/etl/schedule/cron_run.sh`,
    task.replace(":", "-"),
    logs,
    when,
    ...[deno, "task", "-q", task, ...args, "--data", data, "--study", study],
  ];
  const text = words.map(word).join(" ");
  if (new TextEncoder().encode(text).length > LONGEST) {
    throw new UserError(
      "schedule the study",
      `a line would be longer than the ${LONGEST} bytes that cron reads`,
      "Move civicsky, its data or its study to a folder with a shorter path",
      { exitCode: EXIT.usage },
    );
  }
  return text;
}

function word(text: string): string {
  try {
    return cronWord(text);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new UserError(
      "schedule the study",
      `${JSON.stringify(text)} ${cause.message}, which no crontab can hold`,
      "Give that folder another name",
      { exitCode: EXIT.usage, cause },
    );
  }
}

/**
 * Give a text as one word of the command of a crontab line.
 *
 * Shells read single-quoted text as it is. A % would end the command for cron, quoted or not,
 * unless a backslash precedes it, which some crons remove and others leave to the shell: so it
 * stands outside of quotes (crontab(5)). Throws a `RangeError` for control characters, which no crontab
 * can hold.
 */
export function cronWord(text: string): string {
  // deno-lint-ignore no-control-regex
  if (/[\0-\x1f\x7f]/.test(text)) throw new RangeError("holds a line break or control character");
  if (/^[\w@+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`).replaceAll("%", `'\\%'`)}'`;
}
