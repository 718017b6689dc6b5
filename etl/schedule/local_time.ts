const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
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
  return offsets(zone)(at);
}

/** To make a format takes longer than to use it. */
function offsets(zone: string): (at: Date) => number {
  const format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
  return (at) => {
    const name = format.formatToParts(at).find(({ type }) => type === "timeZoneName")!.value;
    const [, sign, hours, minutes] = /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(name)!;
    return sign ? Number(`${sign}1`) * (60 * Number(hours) + Number(minutes)) : 0;
  };
}

/** Give which time of day `HH:MM` in UTC is where the clock is so many minutes ahead. */
export function localTime(utc: string, offset: number): LocalTime {
  const [hours, minutes] = utc.split(":").map(Number) as [number, number];
  const local = (60 * hours + minutes + offset + 1440) % 1440;
  return { hour: Math.floor(local / 60), minute: local % 60 };
}

/** Find when the clock of a zone changes next, to the minute; undefined where it does not in a year. */
export function nextClockChange(zone: string, from: Date): ClockChange | undefined {
  const offset = offsets(zone);
  const before = offset(from);
  for (let day = 0; day < AHEAD_DAYS; day++) {
    let same = from.getTime() + day * DAY_MS;
    let other = same + DAY_MS;
    if (offset(new Date(other)) === before) continue;
    while (other - same > MINUTE_MS) {
      const middle = same + Math.floor((other - same) / 2 / MINUTE_MS) * MINUTE_MS;
      if (offset(new Date(middle)) === before) same = middle;
      else other = middle;
    }
    const at = new Date(Math.floor(other / MINUTE_MS) * MINUTE_MS);
    return { at, before, after: offset(at) };
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
