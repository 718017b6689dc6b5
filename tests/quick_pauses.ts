/** A time for runs in which the pauses between tries are over soon. */
import { ownPause, pause } from "../etl/run/pause.ts";

const TIMES = 100;

/**
 * Do some work whose pauses end a hundred times as early, in the order in which they would end.
 *
 * Requests, time-outs and quotas keep the time of the machine, and so do processes that are started.
 */
export function withQuickPauses<T>(work: () => T): T {
  return ownPause.run((ms, signal) => pause(ms / TIMES, signal), work);
}
