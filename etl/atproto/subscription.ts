import { delay } from "../run/pause.ts";
import { UserError } from "../run/error.ts";
import { type ConnectionProblem, explainProblem, SilentSocket } from "./connection_problem.ts";

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
 * The next message is asked of the socket only when the consumer comes back for it, so that a slow
 * disk slows the socket. Ends when the signal is aborted. Throws where no host ever answered.
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
      for await (const message of connection(url, options, silenceMs)) {
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

async function* connection(
  url: string,
  { signal, onConnect }: SubscriptionOptions,
  silenceMs: number,
): AsyncGenerator<Uint8Array | string, void> {
  // The runtime throws out of abort() once the handshake is over, so its signal ends with that.
  const handshake = new AbortController();
  const giveUp = () => handshake.abort();
  signal.addEventListener("abort", giveUp);
  const socket = new WebSocketStream(url, { signal: handshake.signal });
  // A failing socket rejects both promises; the one without a waiter must not end the process.
  const closed = socket.closed.catch(() => undefined);
  const { readable } = await socket.opened.catch((error) => {
    if (signal.aborted) return { readable: undefined };
    throw error;
  }).finally(() => signal.removeEventListener("abort", giveUp));
  if (readable === undefined) return;
  onConnect?.();
  const reader = readable.getReader();
  let silent = false;
  // The reader is not cancelled: the runtime goes on reading until the server has said goodbye too,
  // and a message that comes before that would end the process.
  let giveUpReading = () => {};
  const read = () =>
    new Promise<ReadableStreamReadResult<Uint8Array | string>>((resolve, reject) => {
      giveUpReading = () => resolve({ done: true, value: undefined });
      reader.read().then(resolve, reject);
    });
  const stop = () => giveUpReading();
  signal.addEventListener("abort", stop);
  let last = performance.now();
  const watch = setInterval(() => {
    silent = performance.now() - last > silenceMs;
    if (silent) stop();
  }, Math.min(silenceMs, 1000));
  try {
    while (!signal.aborted) {
      const { done, value } = await read();
      if (done) break;
      yield value;
      // Time that the consumer took is not silence of the server.
      last = performance.now();
    }
    if (silent && !signal.aborted) throw new SilentSocket(`no frame for ${silenceMs / 1000} s`);
  } finally {
    clearInterval(watch);
    signal.removeEventListener("abort", stop);
    closeQuietly(socket);
    await Promise.race([closed, delay(1000)]);
  }
}

function closeQuietly(socket: WebSocketStream): void {
  try {
    socket.close();
  } catch (error) {
    // A failed socket cannot be closed and is closed already.
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
  }
}
