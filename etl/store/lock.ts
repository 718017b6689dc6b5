import { join } from "node:path";
import { EXIT, UserError } from "../run/error.ts";
import { bootId, startTicks } from "../run/process.ts";

/** How long another host's lock stands without a sign of life. */
const STALE_AFTER_MS = 5 * 60_000;
const HEARTBEAT_MS = 30_000;
/** A takeover takes milliseconds; one that is older died on the way. */
const TAKEOVER_MS = 60_000;

interface Owner {
  token: string;
  host: string;
  pid: number;
  boot_id: string | undefined;
  start_ticks: string | undefined;
  heartbeat: number;
}

/**
 * Hold the right to write one piece of output (a source, a label set, a partition).
 *
 * A file made with an exclusive create, which also holds on NFS and Lustre. The lock of a process
 * that died on this host is taken over at once, another host's after five minutes without a
 * heartbeat. Heartbeats use the machine's own clock, never `CIVICSKY_CLOCK`.
 * Throws with exit status 3 where somebody alive holds it.
 */
export async function lock(folder: string, name: string, doing: string): Promise<AsyncDisposable> {
  await Deno.mkdir(folder, { recursive: true });
  const path = join(folder, `${name.replace(/[^\w.=-]+/g, "_")}.lock`);
  const owner: Owner = {
    token: crypto.randomUUID(),
    host: Deno.hostname(),
    pid: Deno.pid,
    boot_id: bootId(),
    start_ticks: startTicks(Deno.pid),
    heartbeat: Date.now(),
  };
  if (!await create(path, owner) && !await takeOver(path, owner)) {
    const holder = await read(path);
    throw new UserError(
      doing,
      holder
        ? `the same work is already running (process ${holder.pid} on ${holder.host})`
        : "the same work is already running",
      "Wait until it is done, or end that process",
      { exitCode: EXIT.busy },
    );
  }
  const beat = setInterval(() => heartbeat(path, owner), HEARTBEAT_MS);
  Deno.unrefTimer(beat);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(beat);
      if ((await read(path))?.token === owner.token) await remove(path);
    },
  };
}

function isDead(owner: Owner): boolean {
  if (Date.now() - owner.heartbeat > STALE_AFTER_MS) return true;
  const boot = bootId();
  if (owner.host !== Deno.hostname() || boot === undefined) return false;
  return owner.boot_id !== boot || startTicks(owner.pid) !== owner.start_ticks;
}

async function create(path: string, owner: Owner): Promise<boolean> {
  try {
    await Deno.writeTextFile(path, JSON.stringify(owner), { createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** Only one process at a time may replace a dead owner: whoever creates the file beside it. */
async function takeOver(path: string, owner: Owner): Promise<boolean> {
  const holder = await read(path);
  if (holder && !isDead(holder)) return false;
  const beside = `${path}.takeover`;
  if (!await create(beside, owner)) {
    const other = await read(beside);
    if (other && Date.now() - other.heartbeat > TAKEOVER_MS) await remove(beside);
    return false;
  }
  try {
    const current = await read(path);
    if (current && !isDead(current)) return false;
    await remove(path);
    return await create(path, owner);
  } finally {
    await remove(beside);
  }
}

async function heartbeat(path: string, owner: Owner): Promise<void> {
  if ((await read(path))?.token !== owner.token) return;
  owner.heartbeat = Date.now();
  const beside = `${path}.${owner.token}`;
  await Deno.writeTextFile(beside, JSON.stringify(owner));
  await Deno.rename(beside, path);
}

/** Give the owner; undefined where there is none or its file is only half there. */
async function read(path: string): Promise<Owner | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as Owner;
  } catch {
    // Another process is between its create and its write, or died there: its age decides.
    const { mtime } = await Deno.stat(path).catch(() => ({ mtime: null }));
    return {
      token: "",
      host: "",
      pid: 0,
      boot_id: undefined,
      start_ticks: undefined,
      heartbeat: mtime?.getTime() ?? Date.now(),
    };
  }
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
