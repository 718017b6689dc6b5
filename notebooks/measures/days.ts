/** A day of figures in milliseconds, counted between midnights in UTC. */
export const DAY = 86_400_000;

/**
 * A day of figures, in the time zone of the study, as the midnight, in UTC, of its date: so that
 * days can be counted and drawn.
 */
export type Day = Date;

/** A day of figures, as notebooks write it in their parameters. */
export type IsoDay = `${number}-${number}-${number}`;

/** Give the function that says on which day of figures, in a time zone, an instant lies. */
export function dayIn(timeZone: string): (instant: Date) => Day {
  return (instant) => {
    const zoned = Temporal.Instant.fromEpochMilliseconds(instant.getTime())
      .toZonedDateTimeISO(timeZone);
    return new Date(`${zoned.toPlainDate()}T00:00:00Z`);
  };
}

/** Give every day of figures from the first to the last, those without posts too. */
export function everyDay(days: Day[]): Day[] {
  const times = days.map((day) => day.getTime());
  const first = times.reduce((a, b) => Math.min(a, b), Infinity);
  const last = times.reduce((a, b) => Math.max(a, b), -Infinity);
  const every: Day[] = [];
  for (let time = first; time <= last; time += DAY) every.push(new Date(time));
  return every;
}

/** Write a day of figures as `YYYY-MM-DD`. */
export function formatDay(day: Day): string {
  return day.toISOString().slice(0, 10);
}

/** Write the first and the last of days, or the only one. */
export function formatRange(days: Day[]): string {
  const first = formatDay(days[0]!);
  const last = formatDay(days.at(-1)!);
  return first === last ? first : `${first} to ${last}`;
}
