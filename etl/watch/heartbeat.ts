import type { Context } from "../command/command.ts";
import { delay } from "../run/pause.ts";
import { NotSent } from "./notice.ts";
import { secretUrl } from "./channel.ts";
import { request } from "./webhook.ts";

/** A missed heartbeat causes a false alarm. */
const PAUSES_MS = [1000, 4000];

/**
 * Request the heartbeat address of the environment or the study, if there is one.
 *
 * The watching service alarms if it is not requested. Three tries, with pauses (milliseconds)
 * between them; if all fail, there is a warning.
 */
export async function heartbeat(
  { study, warn, signal }: Pick<Context, "study" | "warn" | "signal">,
  pausesMs = PAUSES_MS,
): Promise<void> {
  const url = secretUrl("CIVICSKY_HEARTBEAT", study.notify.heartbeat, warn);
  if (url === undefined) return;
  for (let tries = 0;; tries++) {
    try {
      return await request(url, signal, {});
    } catch (error) {
      if (!(error instanceof NotSent)) throw error;
      if (tries < pausesMs.length && !signal.aborted) {
        await delay(pausesMs[tries]!, signal);
        continue;
      }
      return warn(`the heartbeat was not sent: ${error.message}`);
    }
  }
}
