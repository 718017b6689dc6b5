import { subscribe } from "../../../etl/atproto/subscription.ts";
import { fileURLToPath } from "node:url";

export interface RelayProcess {
  /** The base URL, `ws://127.0.0.1:PORT`. */
  url: string;
  close(): Promise<void>;
}

/** Start a relay with frames of the bench, or one that cycles over them, as its own process. */
export async function startRelayProcess(
  count: number,
  seed: number,
  name: "relay.ts" | "endless_relay.ts" = "relay.ts",
): Promise<RelayProcess> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-all", script, String(count), String(seed)],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let url = "";
  while (!url.endsWith("\n")) {
    const { value, done } = await lines.read();
    if (done) throw new Error("Cannot start the relay of the bench: it ended");
    url += value;
  }
  return {
    url: url.trim(),
    async close() {
      await lines.cancel();
      await child.stdin.close();
      await child.status;
    },
  };
}

/** Subscribe to it; throws where the connection breaks, as a measurement then means nothing. */
export function subscribeTo(url: string, signal: AbortSignal) {
  return subscribe({
    hosts: [url],
    url: (host) => `${host}/xrpc/com.atproto.sync.subscribeRepos`,
    signal,
    onReconnect(_seconds, { reason }) {
      throw new Error(`Cannot measure: ${reason}`);
    },
  });
}
