/** A webhook and a heartbeat address on loopback that keep what they are told. */

export interface WebhookServer {
  url: string;
  /** The texts that were posted, in order. */
  texts: string[];
  /** Paths that were asked for. */
  beats: string[];
  /** The status of the next answers. */
  status: number;
  /** Called before each answer; what it waits for delays the answer. */
  before: () => void | Promise<void>;
  close(): Promise<void>;
}

/** Start one on a free port. */
export function startWebhook(): WebhookServer {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const body = await request.text();
    await webhook.before();
    if (request.method === "POST") {
      const { text } = JSON.parse(body);
      if (webhook.status === 200) webhook.texts.push(text);
    } else webhook.beats.push(pathname);
    const headers = { location: "/elsewhere" };
    return new Response(webhook.status === 200 ? "ok" : null, { status: webhook.status, headers });
  });
  const webhook: WebhookServer = {
    url: `http://127.0.0.1:${server.addr.port}/services/T0/SECRET`,
    texts: [],
    beats: [],
    status: 200,
    before() {},
    close: () => server.shutdown(),
  };
  return webhook;
}
