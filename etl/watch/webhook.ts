import { describeError } from "../run/error.ts";
import { type Notice, NotSent } from "./notice.ts";

/** How long an answer may take. */
const TIMEOUT_MS = 10_000;

/**
 * Post a notice as the JSON of Slack's incoming webhooks, which others accept too.
 *
 * Throws a `NotSent` where the status is not 2xx; a redirect is not followed, as the address is a
 * secret between two.
 */
export async function postWebhook(
  url: string,
  { text }: Notice,
  signal: AbortSignal,
): Promise<void> {
  await request(url, signal, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: quoted(text) }),
  });
}

/** Send a request whose address is a secret; throws a `NotSent` that names the host alone. */
export async function request(url: string, signal: AbortSignal, init: RequestInit): Promise<void> {
  const { host } = new URL(url);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(url, {
      ...init,
      redirect: "manual",
      signal: AbortSignal.any([signal, timeout]),
    });
  } catch (error) {
    throw new NotSent(`${host} ${timeout.aborted ? "did not answer in time" : reason(error)}`);
  }
  await response.body?.cancel().catch(() => {});
  if (response.ok) return;
  const redirected = response.status >= 300 && response.status < 400;
  throw new NotSent(
    `${host} answers HTTP ${response.status}` + (redirected ? ", a redirect, not followed" : ""),
  );
}

/** The runtime's own words hold the whole address. */
function reason(error: unknown): string {
  const text = describeError(error instanceof Error && error.cause || error);
  return /dns error/i.test(text)
    ? "is a name that cannot be resolved"
    : /certificate|tls/i.test(text)
    ? "has a certificate that is not accepted"
    : "cannot be reached";
}

/**
 * Quote text with a meaning in chats: `<!channel>` and `@all` would call everybody
 * (Slack, "Formatting text for app surfaces").
 */
function quoted(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll("@", "@\u200b");
}
