import { retryAfterMs } from "../quota/server_allowance.ts";
import { describeError } from "../run/error.ts";
import { SUBSCRIBE_EVENTS } from "./jetstream_event.ts";
import { SUBSCRIBE } from "./jetstream_v1.ts";
import { POST_COLLECTION } from "./post.ts";
import { acceptsSocket, RefusedHandshake, SilentSocket } from "./socket.ts";

/** How long a host has to show that it serves version 1. */
const VERSION_1_MS = 5000;

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
    | "too_large"
    | "broken";
  /** In words, for people. */
  reason: string;
  /** How long the server asks to wait (Retry-After), in milliseconds. */
  retryAfterMs?: number;
}

/** What the system says where nobody answers at an address. */
const NOBODY = ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"];
/** What it says where a name has none. */
const NAMELESS = ["ENOTFOUND", "EAI_AGAIN", "EAI_NODATA"];

/** What the client of the sockets says of a message beyond its limit. */
const TOO_LARGE = "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";

/** Explain why a WebSocket failed, by what `messagesOf` threw. */
export async function explainProblem(error: unknown, url: string): Promise<ConnectionProblem> {
  const { host, hostname } = new URL(url);
  if (error instanceof SilentSocket) return { kind: "silent", reason: error.message };
  if (error instanceof RefusedHandshake) return await explainRefusal(error, url);
  const code = codeOf(error);
  if (NAMELESS.includes(code)) {
    return { kind: "dns", reason: `the name ${hostname} cannot be resolved` };
  }
  if (NOBODY.includes(code)) return { kind: "refused", reason: `${host} cannot be reached` };
  if (code === TOO_LARGE) {
    return {
      kind: "too_large",
      reason: `${host} sent a message that is too large for the protocol`,
    };
  }
  const message = describeError(error);
  return { kind: "broken", reason: `the connection to ${host} broke (${message})` };
}

async function explainRefusal(
  { status, retryAfter }: RefusedHandshake,
  url: string,
): Promise<ConnectionProblem> {
  const { host } = new URL(url);
  const wait = { retryAfterMs: retryAfterMs(retryAfter ?? null) };
  if (status === 429) {
    return { kind: "rate_limited", reason: `${host} asks to wait (HTTP 429)`, ...wait };
  }
  if (status >= 500) {
    return { kind: "unavailable", reason: `${host} is not ready (HTTP ${status})`, ...wait };
  }
  if (status === 404 && await servesVersion1(url)) {
    return { kind: "version_1", reason: `${host} serves version 1 of Jetstream` };
  }
  return { kind: "rejected", reason: `${host} answers HTTP ${status}` };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Does a host that knows no version 2 of Jetstream let people subscribe to version 1? */
async function servesVersion1(url: string): Promise<boolean> {
  const { protocol, host, pathname } = new URL(url);
  if (!pathname.endsWith(`/${SUBSCRIBE_EVENTS}`)) return false;
  const subscription = `${protocol}//${host}${SUBSCRIBE}?wantedCollections=${POST_COLLECTION}`;
  // However that fails, the first answer is what there is to tell.
  return await acceptsSocket(subscription, VERSION_1_MS);
}
