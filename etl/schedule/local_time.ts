const MINUTE_MS = 60_000;
/** Clocks change twice a year or not at all. */
const AHEAD_DAYS = 370;

/** A time of day of a zone. */
export interface LocalTime {
  hour: number;
  minute: number;
}

/** When the clock of a zone is put forward or back. */
export interface ClockChange {
  at: Date;
  /** Minutes ahead of UTC before and after. */
  before: number;
  after: number;
}

/** Give how many minutes a zone is ahead of UTC at an instant. */
export function offsetMinutes(zone: string, at: Date): number {
  return minutesOf(inZone(zone, at));
}

function inZone(zone: string, at: Date): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone);
}

function minutesOf({ offsetNanoseconds }: Temporal.ZonedDateTime): number {
  return offsetNanoseconds / 1e6 / MINUTE_MS;
}

/** Give which time of day `HH:MM` in UTC is where the clock is so many minutes ahead. */
export function localTime(utc: string, offset: number): LocalTime {
  const [hours, minutes] = utc.split(":").map(Number) as [number, number];
  const local = (60 * hours + minutes + offset + 1440) % 1440;
  return { hour: Math.floor(local / 60), minute: local % 60 };
}

/** Find when the clock of a zone changes next; undefined where it does not in a year. */
export function nextClockChange(zone: string, from: Date): ClockChange | undefined {
  const before = offsetMinutes(zone, from);
  for (let at = inZone(zone, from).getTimeZoneTransition("next"); at !== null;) {
    if (at.epochMilliseconds - from.getTime() > AHEAD_DAYS * 1440 * MINUTE_MS) return undefined;
    const after = minutesOf(at);
    // A zone may be renamed without its clocks being changed.
    if (after !== before) return { at: new Date(at.epochMilliseconds), before, after };
    at = at.getTimeZoneTransition("next");
  }
  return undefined;
}

/** Give a time of day as `HH:MM`. */
export function clock({ hour, minute }: LocalTime): string {
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

/** Give how far a clock is ahead of UTC as `UTC+05:45`. */
export function offsetName(offset: number): string {
  const { hour, minute } = {
    hour: Math.floor(Math.abs(offset) / 60),
    minute: Math.abs(offset) % 60,
  };
  return `UTC${offset < 0 ? "-" : "+"}${clock({ hour, minute })}`;
}

/** Give the wall clock of an instant as `YYYY-MM-DD HH:MM`, where it is so many minutes ahead. */
export function wallClock(at: Date, offset: number): string {
  return new Date(at.getTime() + offset * MINUTE_MS).toISOString().slice(0, 16).replace("T", " ");
}
