import type { Data } from "../query/data.ts";

/** An hour that a stream was to collect or did collect. */
export interface CoveredHour {
  source: string;
  /** When it begins, in UTC. */
  hour: Date;
  /** The part of it that was read without a gap, 0 to 1. */
  covered: number;
  /** Whether the study asked for it; null where the source has no windows (collected by hand). */
  is_asked: boolean | null;
  /** Probability with which it was drawn; null where a person chose it. */
  window_prob: number | null;
}

const HOUR = 3_600_000;

/** Read which hours of streams were asked for and which collected, by source and time. */
export async function coveredHours(data: Data): Promise<CoveredHour[]> {
  const spans = (await data.sql`
    WITH pieces AS (
      SELECT DISTINCT source, covered_from AS starts, covered_until AS ends FROM coverage
      WHERE covered_until > covered_from
    ),
    reach AS (
      SELECT *, max(ends) OVER (PARTITION BY source ORDER BY starts, ends
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM pieces
    ),
    islands AS (
      SELECT *, sum(CASE WHEN starts <= before THEN 0 ELSE 1 END)
        OVER (PARTITION BY source ORDER BY starts, ends) AS island FROM reach
    )
    SELECT source, min(starts) AS starts, max(ends) AS ends FROM islands
    GROUP BY source, island ORDER BY source, starts`)
    .objects() as { source: string; starts: Date; ends: Date }[];
  const windows = (await data.sql`
    SELECT source, opens_at AS hour, max(window_prob) AS window_prob FROM windows
    WHERE opens_at <= (SELECT max(covered_until) FROM coverage)
    GROUP BY source, opens_at ORDER BY source, hour`)
    .objects() as { source: string; hour: Date; window_prob: number | null }[];
  const hours = new Map<string, CoveredHour>();
  const hasWindows = new Set(windows.map(({ source }) => source));
  const at = (source: string, time: number) => {
    const key = `${source} ${time}`;
    const known = hours.get(key);
    if (known) return known;
    const hour: CoveredHour = {
      source,
      hour: new Date(time),
      covered: 0,
      is_asked: hasWindows.has(source) ? false : null,
      window_prob: null,
    };
    hours.set(key, hour);
    return hour;
  };
  for (const { source, hour, window_prob } of windows) {
    Object.assign(at(source, hour.getTime()), { is_asked: true, window_prob });
  }
  for (const { source, starts, ends } of spans) {
    for (const [hour, covered] of split(starts, ends)) at(source, hour).covered += covered;
  }
  return [...hours.values()].sort((a, b) =>
    a.source < b.source ? -1 : a.source > b.source ? 1 : a.hour.getTime() - b.hour.getTime()
  );
}

/** Part a span into hours, each with the part of it that the span covers. */
function* split(from: Date, until: Date): Generator<[number, number]> {
  for (let hour = Math.floor(from.getTime() / HOUR) * HOUR; hour < until.getTime(); hour += HOUR) {
    const begins = Math.max(hour, from.getTime());
    const ends = Math.min(hour + HOUR, until.getTime());
    yield [hour, (ends - begins) / HOUR];
  }
}
