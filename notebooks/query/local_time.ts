const MINUTE = 60_000;
const DAY = 86_400_000;

/**
 * Give the statement that makes the macro `local_time(time)`: a TIMESTAMP of UTC as clocks show it in
 * a time zone.
 *
 * DuckDB-WASM has no time zones, so what clocks are ahead of UTC is written out for the days of the
 * data, and holds beyond them as on the first and the last.
 */
export function localTimeMacro(timeZone: string, days: string[]): string {
  const ahead = minutesAhead(timeZone);
  const times = days.map((day) => Date.parse(day)).sort((a, b) => a - b);
  const first = (times[0] ?? Date.now()) - 2 * DAY;
  const last = (times.at(-1) ?? Date.now()) + 2 * DAY;
  const cases: string[] = [];
  for (let time = first; time < last; time += DAY) {
    if (ahead(time) === ahead(time + DAY)) continue;
    const change = firstChange(ahead, time, time + DAY);
    const until = new Date(change).toISOString().replace("Z", "");
    cases.push(`WHEN utc < TIMESTAMP '${until}' THEN ${ahead(time)}`);
  }
  const minutes = cases.length === 0
    ? String(ahead(last))
    : `CASE ${cases.join(" ")} ELSE ${ahead(last)} END`;
  return `CREATE OR REPLACE MACRO local_time(utc) AS CAST(utc AS TIMESTAMP) + to_minutes(${minutes})`;
}

/** Give the function that says how many minutes clocks are ahead of UTC. */
function minutesAhead(timeZone: string): (time: number) => number {
  const format = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
  return (time) => {
    const name = format.formatToParts(time).find(({ type }) => type === "timeZoneName")!.value;
    const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
    return sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes));
  };
}

/** Give the minute in which clocks change, once, between two times. */
function firstChange(ahead: (time: number) => number, from: number, until: number): number {
  const before = ahead(from);
  while (until - from > MINUTE) {
    const middle = Math.floor((from + until) / 2 / MINUTE) * MINUTE;
    if (ahead(middle) === before) from = middle;
    else until = middle;
  }
  return until;
}
