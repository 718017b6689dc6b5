/** A network of real peers on loopback: PLC directory, PDS and, where asked for, AppView. */
import { join } from "node:path";
import { Secp256k1PrivateKeyExportable } from "@atcute/crypto";
import { installation } from "./installation.ts";
import { Peer } from "./peer.ts";
import { postgresConfig } from "./postgres.ts";

/** What `@atproto/dev-env` gives a PDS that it starts. */
export const ADMIN_PASSWORD = "admin-pass";

export interface Network extends AsyncDisposable {
  /** Base URLs. */
  pds: string;
  relay: string;
  /** Base URL of the AppView, and the DID of a feed generator that ranks posts by their likes. */
  appview: string | undefined;
  feedGenerator: string | undefined;
  /** The processes that run. */
  pids(): number[];
  /** End the PDS without a word. */
  killPds(): Promise<void>;
  /** Start it again on the same port, by default with the same data. */
  startPds(settings?: Record<string, unknown>): Promise<void>;
}

/** Start the peers on free ports of 127.0.0.1; disposing of the network ends them all. */
export async function startNetwork(parts: { appview: boolean }): Promise<Network> {
  const installed = await installation();
  await using started = new AsyncDisposableStack();
  const scratch = await Deno.makeTempDir({ prefix: "civicsky-peers-" });
  started.defer(() => Deno.remove(scratch, { recursive: true }));
  // The database may run as another user, who must reach its folder.
  await Deno.chmod(scratch, 0o711);
  const peers = new Map<string, Peer>();
  const start = async (role: Parameters<typeof Peer.start>[1], config: Record<string, unknown>) => {
    const peer = await Peer.start(installed, role, config, scratch);
    if (!peers.has(role)) started.defer(() => peers.get(role)![Symbol.asyncDispose]());
    peers.set(role, peer);
    return peer;
  };
  const [plcPort, pdsPort, appviewPort] = [freePort(), freePort(), freePort()];
  const plcUrl = `http://127.0.0.1:${plcPort}`;
  const settings = await pdsSettings(pdsPort, plcUrl, join(scratch, "pds"));
  await start("plc", { port: plcPort });
  const startAppView = async () => {
    const { config, url } = await postgresConfig(freePort(), join(scratch, "postgres"));
    await start("postgres", config);
    const own = { port: appviewPort, plcUrl, pdsPort, database: url };
    return String((await start("appview", own)).ready.feedGenerator);
  };
  // Each is waited for, so that one that fails leaves none behind that is only starting.
  const starting = [start("pds", settings), parts.appview ? startAppView() : undefined] as const;
  await Promise.allSettled(starting);
  const [, feedGenerator] = await Promise.all(starting);
  const running = started.move();
  return {
    pds: `http://127.0.0.1:${pdsPort}`,
    relay: `ws://127.0.0.1:${pdsPort}`,
    appview: parts.appview ? `http://127.0.0.1:${appviewPort}` : undefined,
    feedGenerator,
    pids: () => [...peers.values()].map(({ pid }) => pid),
    killPds: () => peers.get("pds")!.kill(),
    startPds: async (changes = {}) => void await start("pds", { ...settings, ...changes }),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

async function pdsSettings(port: number, didPlcUrl: string, folder: string) {
  const rotation = await Secp256k1PrivateKeyExportable.createKeypair();
  const recovery = await Secp256k1PrivateKeyExportable.createKeypair();
  const dataDirectory = join(folder, "data");
  await Deno.mkdir(dataDirectory, { recursive: true });
  return {
    port,
    didPlcUrl,
    dataDirectory,
    blobstoreDiskLocation: join(folder, "blobs"),
    plcRotationKeyK256PrivateKeyHex: await rotation.exportPrivateKey("rawHex"),
    recoveryDidKey: await recovery.exportPublicKey("did"),
  };
}

/** Give a port that is free at this moment. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
