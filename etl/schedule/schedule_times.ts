import {
  clock,
  type ClockChange,
  localTime,
  nextClockChange,
  offsetMinutes,
  offsetName,
  wallClock,
} from "./local_time.ts";

/** When the tasks of a schedule start. */
export interface ScheduleTimes {
  /** When `daily` is due, as `HH:MM` in UTC. */
  at: string;
  /** Time zone of the machine, and the minutes that its clock is ahead of UTC now. */
  zone: string;
  offset: number;
  /** When that changes next. */
  change: ClockChange | undefined;
}

/** Find when `daily` is due in a zone, at present and when its clock changes next. */
export function scheduleTimes(at: string, zone: string, present: Date): ScheduleTimes {
  const change = nextClockChange(zone, present);
  return { at, zone, offset: offsetMinutes(zone, present), change };
}

/** Describe when `daily` is due, one sentence per line. */
export function describeTimes({ at, zone, offset, change }: ScheduleTimes): string[] {
  const here = localTime(at, offset);
  const now = `daily is due at ${at} UTC, ${clock(here)} in ${zone} (${offsetName(offset)})`;
  if (!change) return [`${now}.`];
  const then = localTime(at, change.after);
  const [from, until] = [change.before, change.after].map((offset) => wallClock(change.at, offset))
    .toSorted() as [string, string];
  const kind = change.after > change.before ? "skips" : "repeats";
  return [
    `${now}, and ${clock(then)} (${offsetName(change.after)})`,
    `once the clock ${kind} ${from.slice(11)} to ${until.slice(11)} on ${from.slice(0, 10)}. ${
      then.minute === here.minute
        ? "It starts at whichever is due, once a day."
        : "From then on it starts up to an hour late, until --install is run again."
    }`,
  ];
}
