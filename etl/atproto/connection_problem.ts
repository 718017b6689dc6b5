import { retryAfterMs } from "../quota/server_allowance.ts";
import { describeError } from "../run/error.ts";
import { SUBSCRIBE_EVENTS } from "./jetstream_event.ts";
import { SUBSCRIBE } from "./jetstream_v1.ts";
import { POST_COLLECTION } from "./post.ts";

/** Why the connection of a WebSocket failed or ended. */
export interface ConnectionProblem {
  kind:
    | "closed"
    | "silent"
    | "dns"
    | "refused"
    | "rate_limited"
    | "unavailable"
    | "rejected"
    | "version_1"
    | "broken";
  /** In words, for people. */
  reason: string;
  /** How long the server asks to wait (Retry-After), in milliseconds. */
  retryAfterMs?: number;
}

/** A socket that was silent for too long. */
export class SilentSocket extends Error {
  override readonly name = "SilentSocket";
}

/**
 * Explain why a WebSocket failed.
 *
 * The runtime gives the HTTP status of a refused handshake only within its message, and no headers;
 * where the status says that we should wait, the same address is asked once more for Retry-After.
 */
export async function explainProblem(error: unknown, url: string): Promise<ConnectionProblem> {
  const message = describeError(error).replace(/^failed to connect to WebSocket: /, "");
  const host = new URL(url).host;
  if (error instanceof SilentSocket) return { kind: "silent", reason: message };
  const status = Number(/Invalid status code: (\d+)/.exec(message)?.[1] ?? 0);
  if (status === 429) {
    const retryAfterMs = await askRetryAfter(url);
    return { kind: "rate_limited", reason: `${host} asks to wait (HTTP 429)`, retryAfterMs };
  }
  if (status >= 500) {
    const retryAfterMs = await askRetryAfter(url);
    return { kind: "unavailable", reason: `${host} is not ready (HTTP ${status})`, retryAfterMs };
  }
  if (status === 404 && await servesVersion1(url)) {
    return { kind: "version_1", reason: `${host} serves version 1 of Jetstream` };
  }
  if (status > 0) return { kind: "rejected", reason: `${host} answers HTTP ${status}` };
  if (/dns error/i.test(message)) {
    return { kind: "dns", reason: `the name ${new URL(url).hostname} cannot be resolved` };
  }
  if (/tcp connect error|connection refused/i.test(message)) {
    return { kind: "refused", reason: `${host} cannot be reached` };
  }
  return { kind: "broken", reason: `the connection to ${host} broke (${message})` };
}

/** Does a host that knows no version 2 of Jetstream let people subscribe to version 1? */
async function servesVersion1(url: string): Promise<boolean> {
  const { protocol, host, pathname } = new URL(url);
  if (!pathname.endsWith(`/${SUBSCRIBE_EVENTS}`)) return false;
  const subscription = `${protocol}//${host}${SUBSCRIBE}?wantedCollections=${POST_COLLECTION}`;
  // The runtime throws out of abort() once the handshake is over.
  const handshake = new AbortController();
  const timer = setTimeout(() => handshake.abort(), 5000);
  const socket = new WebSocketStream(subscription, { signal: handshake.signal });
  socket.closed.catch(() => undefined);
  try {
    await socket.opened;
  } catch {
    // However that fails, the first answer is what there is to tell.
    return false;
  } finally {
    clearTimeout(timer);
  }
  socket.close();
  return true;
}

async function askRetryAfter(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url.replace(/^ws/, "http"), {
      signal: AbortSignal.timeout(5000),
      redirect: "manual",
    });
    await response.body?.cancel();
    return retryAfterMs(response.headers.get("retry-after"));
  } catch (error) {
    // A host that does not answer this either has not asked for a wait.
    if (error instanceof TypeError || error instanceof DOMException) return undefined;
    throw error;
  }
}
