/** Servers on loopback that answer as no Comment Analyzer does. */

export type Handler = (request: Request, body: string) => Response | Promise<Response>;

/** Serve HTTP with a handler while something is done with its root URL. */
export async function withServer(
  handler: Handler,
  use: (rootUrl: string) => Promise<unknown>,
): Promise<void> {
  const stop = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, signal: stop.signal },
    async (request) => await handler(request, await request.text()),
  );
  try {
    await use(`http://127.0.0.1:${server.addr.port}/`);
  } finally {
    stop.abort();
    await server.finished;
  }
}

/** Serve bytes as they are: read the beginning of each request, write them, and close the socket. */
export async function withBytes(
  answer: string,
  use: (rootUrl: string) => Promise<unknown>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(65_536));
      await connection.write(new TextEncoder().encode(answer));
      connection.close();
    }
  })();
  try {
    await use(`http://127.0.0.1:${listener.addr.port}/`);
  } finally {
    listener.close();
    await served;
  }
}
