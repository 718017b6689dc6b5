/** A proxy before a server on loopback that stops at a request, so that whoever sent it can be killed. */
import { createServer, type IncomingMessage } from "node:http";

/** Where it stops: before the server sees the request, once it has answered, or amid the answer. */
export interface Hold {
  request: RegExp;
  at: "before" | "after" | "amid";
}

export interface HeldProxy {
  url: string;
  /** The server behind it. */
  target: string;
  /** Requests that are told to wait an hour. */
  refused: RegExp | undefined;
  /** Change what is sent on; undefined where nothing is. */
  alter: ((body: string) => string) | undefined;
  /** Stop at the next request of a kind; resolves when it has come so far. */
  hold(hold: Hold): Promise<void>;
  close(): Promise<void>;
}

/** Start a proxy of a server; what it held once, it never answers. */
export async function startProxy(target: string): Promise<HeldProxy> {
  let held: (Hold & { come(): void }) | undefined;
  const server = createServer((request, response) => {
    answer(request).catch(() => response.destroy());
    async function answer(request: IncomingMessage): Promise<void> {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk);
      if (proxy.refused?.test(`${request.method} ${request.url}`)) {
        const error = { message: "Too many batches", code: "rate_limit_exceeded" };
        response.writeHead(429, { "retry-after": "3600", "content-type": "application/json" });
        return void response.end(JSON.stringify({ error }));
      }
      const hold = held?.request.test(`${request.method} ${request.url}`) ? held : undefined;
      if (hold) held = undefined;
      if (hold?.at === "before") return hold.come();
      const { status, headers, body } = await forward(proxy, request, chunks);
      if (hold?.at === "after") return hold.come();
      response.writeHead(status, headers);
      if (hold === undefined) return void response.end(body);
      response.write(body.subarray(0, body.length / 2), () => hold.come());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as { port: number };
  const proxy: HeldProxy = {
    url: `http://127.0.0.1:${port}`,
    target,
    refused: undefined,
    alter: undefined,
    hold: (hold) => new Promise((come) => held = { ...hold, come }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

async function forward(
  { target, alter }: HeldProxy,
  { method, url, headers }: IncomingMessage,
  chunks: Uint8Array[],
) {
  const { authorization = "", "content-type": type = "" } = headers;
  const sent = new Blob(chunks as BlobPart[]);
  const body = alter ? alter(await sent.text()) : sent;
  const response = await fetch(`${target}${url}`, {
    method: method!,
    headers: { authorization, "content-type": type },
    ...method === "POST" ? { body } : {},
  });
  return {
    status: response.status,
    headers: { "content-type": response.headers.get("content-type") ?? "" },
    body: new Uint8Array(await response.arrayBuffer()),
  };
}
