import { delay } from "../run/pause.ts";
import { UserError } from "../run/error.ts";
import { type ConnectionProblem, explainProblem } from "./connection_problem.ts";
import { messagesOf } from "./socket.ts";

/** A socket that is silent for this long is dead: the network has about 240 commits a second. */
const SILENCE_MS = 60_000;
/** Failures in a row after which another host is tried, and a run without any answer gives up. */
const TRIES = 4;

/** Which hosts a WebSocket is opened to, one after the other, and who is told of its connections. */
export interface SubscriptionOptions {
  /** Base URLs; the next one is tried when one has failed four times in a row. */
  hosts: string[];
  /** The settings that name the hosts, such as `BLUESKY_RELAY or --relay`, for the error. */
  namedBy?: string;
  /** Give the URL to connect to at a host, with the cursor to go on from. */
  url: (host: string) => string | Promise<string>;
  signal: AbortSignal;
  /** Called when a connection is open. */
  onConnect?: () => void;
  /** Called before each wait, with its length. */
  onReconnect: (seconds: number, problem: ConnectionProblem) => void;
  /**
   * Called where a host knows only version 1 of Jetstream; gives true where `url` now asks for that, which
   * is done at once.
   */
  onVersion1?: (host: string) => boolean;
  /** First wait in milliseconds; each further one doubles, up to a minute, with jitter. */
  backoffMs?: number;
  silenceMs?: number;
}

/**
 * Give the messages of a WebSocket as they come, and connect again whenever it ends.
 *
 * A consumer that does not come back for messages is sent no more (`messagesOf`), so that a slow disk slows
 * the socket. Ends when the signal is aborted. Throws where no host ever answered.
 */
export async function* subscribe(
  options: SubscriptionOptions,
): AsyncGenerator<Uint8Array | string, void> {
  const { hosts, signal, onReconnect, backoffMs = 1000, silenceMs = SILENCE_MS } = options;
  const namedBy = options.namedBy ? ` (${options.namedBy})` : "";
  let answered = false;
  let current = 0;
  for (let failures = 0; !signal.aborted;) {
    const host = hosts[current % hosts.length]!;
    const url = await options.url(host);
    let problem: ConnectionProblem;
    try {
      for await (
        const message of messagesOf(url, { signal, onOpen: options.onConnect, silenceMs })
      ) {
        answered = true;
        failures = 0;
        yield message;
      }
      problem = { kind: "closed", reason: `${new URL(url).host} closed the connection` };
    } catch (cause) {
      problem = await explainProblem(cause, url);
    }
    if (signal.aborted) return;
    if (problem.kind === "version_1" && options.onVersion1?.(host)) continue;
    failures++;
    answered ||= problem.kind === "too_large";
    if (!answered && failures >= TRIES * hosts.length) {
      throw new UserError(
        `read ${url.split("?")[0]}`,
        problem.reason,
        `Check the address${namedBy} and the network, then run the task again`,
      );
    }
    const isChange = failures % TRIES === 0 && hosts.length > 1;
    if (isChange) current++;
    // Another host needs no wait because this one failed.
    const backoff = isChange ? backoffMs : Math.min(60_000, backoffMs * 2 ** (failures - 1));
    // Jitter is added to the server's wait, never subtracted.
    const wait = problem.retryAfterMs === undefined || isChange
      ? backoff * (0.5 + Math.random())
      : problem.retryAfterMs + backoff * Math.random();
    onReconnect(wait / 1000, problem);
    await delay(wait, signal);
  }
}
