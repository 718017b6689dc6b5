import { describeError, UserError } from "../run/error.ts";

/** A socket that is silent for this long is dead: the network has about 240 commits a second. */
const SILENCE_MS = 60_000;
/** How often a relay that never answered is tried before the run gives up. */
const FIRST_TRIES = 4;

export interface SubscriptionOptions {
  /** Give the URL to connect to, with the cursor to go on from. */
  url: () => string;
  signal: AbortSignal;
  /** Called before each wait, with its length and the reason. */
  onReconnect: (seconds: number, reason: string) => void;
  /** First wait in milliseconds; each further one doubles, up to a minute, with jitter. */
  backoffMs?: number;
  silenceMs?: number;
}

/**
 * Give the messages of a WebSocket as they come, and connect again whenever it ends.
 *
 * The next message is asked of the socket only when the consumer comes back for it, so that a slow
 * disk slows the socket. Ends when the signal is aborted. Throws where the server never answered.
 */
export async function* subscribe(
  options: SubscriptionOptions,
): AsyncGenerator<Uint8Array | string, void> {
  const { url, signal, onReconnect, backoffMs = 1000, silenceMs = SILENCE_MS } = options;
  let answered = false;
  for (let attempt = 0; !signal.aborted; attempt++) {
    let reason = "the relay closed the connection";
    try {
      for await (const message of connection(url(), signal, silenceMs)) {
        answered = true;
        attempt = 0;
        yield message;
      }
    } catch (cause) {
      reason = describeError(cause);
      if (!answered && attempt + 1 >= FIRST_TRIES) {
        throw new UserError(
          `read ${url().split("?")[0]}`,
          reason,
          "Check the address (BLUESKY_RELAY or --relay) and the network",
          { cause },
        );
      }
    }
    if (signal.aborted) return;
    const wait = Math.min(60_000, backoffMs * 2 ** attempt) * (0.5 + Math.random());
    onReconnect(wait / 1000, reason);
    await delay(wait, signal);
  }
}

async function* connection(
  url: string,
  signal: AbortSignal,
  silenceMs: number,
): AsyncGenerator<Uint8Array | string, void> {
  const socket = new WebSocketStream(url, { signal });
  // A socket that fails rejects both promises; the one that nobody awaits must not end the process.
  const closed = socket.closed.catch(() => undefined);
  const { readable } = await socket.opened.catch((error) => {
    if (signal.aborted) return { readable: undefined };
    throw error;
  });
  if (readable === undefined) return;
  const reader = readable.getReader();
  let silent = false;
  const cancel = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel);
  let last = performance.now();
  const watch = setInterval(() => {
    silent = performance.now() - last > silenceMs;
    if (silent) cancel();
  }, Math.min(silenceMs, 1000));
  try {
    if (signal.aborted) return;
    while (true) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
      // Time that the consumer took is not silence of the server.
      last = performance.now();
    }
    if (silent && !signal.aborted) throw new Error(`no frame for ${silenceMs / 1000} s`);
  } finally {
    clearInterval(watch);
    signal.removeEventListener("abort", cancel);
    closeQuietly(socket);
    await Promise.race([closed, delay(1000)]);
  }
}

function closeQuietly(socket: WebSocketStream): void {
  try {
    socket.close();
  } catch (error) {
    // A socket that has failed cannot be closed, which is the state we want.
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
  }
}

/** Wait, or until the signal is aborted. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal?.aborted) return done();
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      done();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener("abort", finish);
  });
}
