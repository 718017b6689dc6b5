import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
// @ts-types="@types/ws"
import WebSocket from "ws";
import { delay } from "../run/pause.ts";
import { proxyAgent } from "./proxy.ts";

/** The protocol's limit for one message of an event stream is 5 MiB; what is larger ends the connection. */
const MAX_MESSAGE_BYTES = 6 * 1024 * 1024;
/** A host that has not answered the handshake by then is not there. */
const HANDSHAKE_MS = 30_000;
/** Messages that wait for their reader before the socket is read no further. */
const MOST_WAITING = 64;
/** How long a host has to say goodbye. */
const GOODBYE_MS = 1000;
/** The connection ended without the closing handshake of RFC 6455, section 7.1.5. */
const LOST = 1006;

/** An HTTP answer in the place of a WebSocket. */
export class RefusedHandshake extends Error {
  override readonly name = "RefusedHandshake";

  constructor(readonly status: number, readonly retryAfter: string | undefined) {
    super(`HTTP ${status}`);
  }
}

/** A socket that was silent for too long. */
export class SilentSocket extends Error {
  override readonly name = "SilentSocket";
}

/** How a connection is made and watched. */
export interface SocketOptions {
  signal: AbortSignal;
  /** Called when the connection is open. */
  onOpen?: () => void;
  /** A socket without a message for so long is given up; time that the reader takes does not count. */
  silenceMs: number;
}

/**
 * Connect to a WebSocket and give its messages, bytes or text, until the server closes it or the signal is aborted.
 *
 * The socket is read no further while messages wait, so that a slow reader slows the server. Throws a
 * `RefusedHandshake`, a `SilentSocket`, or what the network says.
 */
export async function* messagesOf(
  url: string,
  { signal, onOpen, silenceMs }: SocketOptions,
): AsyncGenerator<Uint8Array | string, void> {
  let waiting: (Uint8Array | string)[] = [];
  let end: { error?: unknown } | undefined;
  let wake = () => {};
  const finish = (reason: { error?: unknown }) => {
    end ??= reason;
    wake();
  };
  const socket = open(url, finish);
  socket.on("open", () => onOpen?.());
  socket.on("message", (data: Buffer, isBinary) => {
    waiting.push(isBinary ? plain(data) : data.toString());
    if (waiting.length >= MOST_WAITING) socket.pause();
    wake();
  });
  const stop = () => finish({});
  signal.addEventListener("abort", stop);
  let waitingSince: number | undefined = performance.now();
  const watch = setInterval(() => {
    // The server said goodbye, and does not hang up.
    if (socket.readyState === WebSocket.CLOSING) finish({});
    if (waitingSince === undefined || performance.now() - waitingSince <= silenceMs) return;
    finish({ error: new SilentSocket(`no frame for ${silenceMs / 1000} s`) });
  }, Math.min(silenceMs, 1000));
  try {
    while (!signal.aborted) {
      const messages = waiting;
      waiting = [];
      for (const message of messages) {
        yield message;
        if (signal.aborted) return;
      }
      if (waiting.length > 0) continue;
      if (end?.error !== undefined) throw end.error;
      if (end !== undefined) return;
      if (socket.isPaused) socket.resume();
      waitingSince = performance.now();
      await new Promise<void>((resolve) => wake = resolve);
      waitingSince = undefined;
    }
  } finally {
    clearInterval(watch);
    signal.removeEventListener("abort", stop);
    await leave(socket);
  }
}

/** Tell whether a server takes WebSocket connections at an address. */
export async function acceptsSocket(url: string, ms: number): Promise<boolean> {
  const accepted = Promise.withResolvers<boolean>();
  const socket = open(url, () => accepted.resolve(false), ms);
  socket.on("open", () => accepted.resolve(true));
  try {
    return await accepted.promise;
  } finally {
    await leave(socket);
  }
}

/** Begin a connection; `onEnd` is told once or more that it is over, and why. */
function open(
  url: string,
  onEnd: (reason: { error?: unknown }) => void,
  handshakeMs = HANDSHAKE_MS,
): WebSocket {
  const socket = new WebSocket(url, {
    // A few bytes could become gigabytes.
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    agent: proxyAgent(url),
  });
  // The time-out of `ws` does not cover what a proxy takes.
  const timer = setTimeout(() => {
    onEnd({ error: new Error(`it did not answer within ${handshakeMs / 1000} s`) });
    socket.terminate();
  }, handshakeMs);
  for (const event of ["open", "close"]) socket.on(event, () => clearTimeout(timer));
  socket.on("unexpected-response", (request, response: IncomingMessage) => {
    const { statusCode = 0, headers } = response;
    onEnd({ error: new RefusedHandshake(statusCode, headers["retry-after"]) });
    request.destroy();
  });
  socket.on("error", (error) => onEnd({ error }));
  socket.on("close", (code) => onEnd(code === LOST ? { error: new Error("it was cut") } : {}));
  return socket;
}

/** Say goodbye, and hang up where the server does not answer that. */
async function leave(socket: WebSocket): Promise<void> {
  socket.removeAllListeners("message");
  if (socket.readyState === WebSocket.OPEN) {
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.close();
    socket.resume();
    await Promise.race([closed, delay(GOODBYE_MS)]);
  }
  socket.terminate();
}

/** Bytes without the methods of Node's own kind, which are slow. */
function plain({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
