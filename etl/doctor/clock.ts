import { now, utcDay } from "../run/clock.ts";
import { duration } from "../run/duration.ts";
import { variable } from "../run/environment.ts";
import type { Examination } from "./examination.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

const DAY_MS = 86_400_000;
/** Windows end, quotas are shared and locks grow stale by the machine's clock. */
const [WARN_MS, FAIL_MS] = [10_000, 5 * 60_000];
const SET_CLOCK =
  "Let the machine keep its clock by NTP (timedatectl set-ntp true), or ask its administrator";

/** Compare the machine's clock with the times that are written in the data folder. */
export async function clockByFiles({ paths, files }: Examination): Promise<Finding[]> {
  const stopped = variable("CIVICSKY_CLOCK");
  const findings = stopped === undefined ? [] : [warning(
    `CIVICSKY_CLOCK stops the clock at ${now().toISOString()}`,
    "Unset it, also in .env, except for a demo or a test",
  )];
  const newest = await newestChange(
    files().filter(({ day }) => day === undefined || day >= utcDay(new Date(Date.now() - DAY_MS)))
      .map(({ path }) => path),
  );
  const ahead = newest.ms - Date.now();
  if (ahead > WARN_MS) {
    findings.push(warning(
      `${newest.path} was changed ${duration(ahead)} from now`,
      `This clock or that of the file server is wrong, or was wrong when the file was written. ${SET_CLOCK}`,
    ));
  }
  const tomorrow = paths.files("runs").findLast(({ day }) => (day ?? "") > utcDay(now()));
  if (tomorrow !== undefined && stopped === undefined) {
    findings.push(warning(
      `a run is dated ${tomorrow.day}, which is in the future`,
      `This clock is behind, or was ahead then. ${SET_CLOCK}`,
    ));
  }
  return findings.length > 0 ? findings : [ok("no file is from the future")];
}

/** Compare the machine's clock with that of the AppView, by the header Date of its answers. */
export async function clockByAppView({ appView }: Examination): Promise<Finding[]> {
  const skews = (await appView()).flatMap((answer) =>
    answer.clockAheadMs === undefined ? [] : [{ host: answer.host, ms: answer.clockAheadMs }]
  );
  const [closest] = skews.toSorted((a, b) => Math.abs(a.ms) - Math.abs(b.ms));
  if (closest === undefined) return [];
  const off = Math.abs(closest.ms);
  const side = closest.ms > 0 ? "ahead of" : "behind";
  const found = `this clock is ${duration(off)} ${side} that of ${closest.host}`;
  if (off > FAIL_MS) return [problem(found, SET_CLOCK)];
  return off > WARN_MS ? [warning(found, SET_CLOCK)] : [ok("this clock agrees with the AppView's")];
}

async function newestChange(paths: string[]): Promise<{ path: string; ms: number }> {
  let newest = { path: "", ms: 0 };
  for (const path of paths) {
    try {
      const ms = (await Deno.stat(path)).mtime?.getTime() ?? 0;
      if (ms > newest.ms) newest = { path, ms };
    } catch (error) {
      // Another task replaced it meanwhile.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return newest;
}
