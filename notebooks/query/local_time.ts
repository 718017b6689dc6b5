const DAY = 86_400_000;

/**
 * Give the statement that makes the macro `local_time(time)`: a TIMESTAMP of UTC as clocks show it in
 * a time zone.
 *
 * DuckDB-WASM has no time zones, so what clocks are ahead of UTC is written out for the days of the
 * data, and holds beyond them as on the first and the last.
 */
export function localTimeMacro(timeZone: string, days: string[]): string {
  const times = days.map((day) => Date.parse(day)).sort((a, b) => a - b);
  const first = (times[0] ?? Date.now()) - 2 * DAY;
  const last = (times.at(-1) ?? Date.now()) + 2 * DAY;
  let time = Temporal.Instant.fromEpochMilliseconds(first).toZonedDateTimeISO(timeZone);
  const cases: string[] = [];
  for (;;) {
    const change = time.getTimeZoneTransition("next");
    if (change === null || change.epochMilliseconds >= last) break;
    const until = change.toInstant().toString({ fractionalSecondDigits: 3 }).replace("Z", "");
    if (change.offsetNanoseconds !== time.offsetNanoseconds) {
      cases.push(`WHEN utc < TIMESTAMP '${until}' THEN ${minutesAhead(time)}`);
    }
    time = change;
  }
  const minutes = cases.length === 0
    ? String(minutesAhead(time))
    : `CASE ${cases.join(" ")} ELSE ${minutesAhead(time)} END`;
  return `CREATE OR REPLACE MACRO local_time(utc) AS CAST(utc AS TIMESTAMP) + to_minutes(${minutes})`;
}

function minutesAhead({ offsetNanoseconds }: Temporal.ZonedDateTime): number {
  return Math.round(offsetNanoseconds / 60e9);
}
