import { removeIfThere } from "./if_there.ts";
import { join } from "node:path";
import { EXIT, UserError } from "../run/error.ts";
import { delay } from "../run/pause.ts";
import { type Holder, isDead, type Owner, thisProcess } from "./owner.ts";

const HEARTBEAT_MS = 30_000;
/** How often a lock without an owner is read, and the time within which its process writes it. */
const [LOOK_MS, LOOKS] = [20, 50];

/**
 * Hold the right to write one piece of output (a source, a label set, a partition).
 *
 * A file made with an exclusive create, which also holds on NFS and Lustre. The lock of a process
 * that died on this host is taken over at once, another host's after five minutes without a
 * heartbeat. Where the start of processes cannot be known (process.ts), this host counts as another.
 * Heartbeats use the machine's own clock, never `CIVICSKY_CLOCK`.
 * Throws with exit status 3 where a live process holds it; `held` is the message.
 */
export async function lock(
  folder: string,
  name: string,
  doing: string,
  held = "the same work is already running",
): Promise<AsyncDisposable> {
  await Deno.mkdir(folder, { recursive: true });
  const path = join(folder, `${name.replace(/[^\w.=-]+/g, "_")}.lock`);
  const owner = thisProcess();
  if (!await create(path, owner) && !await takeOver(path, owner)) {
    const holder = await writtenHolder(path);
    throw new UserError(
      doing,
      holder?.host ? `${held} (process ${holder.pid} on ${holder.host})` : held,
      "Wait until it is done, or end that process",
      { exitCode: EXIT.busy },
    );
  }
  const beat = setInterval(() => heartbeat(path, owner), HEARTBEAT_MS);
  Deno.unrefTimer(beat);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(beat);
      if ((await readHolder(path))?.token === owner.token) await removeIfThere(path);
    },
  };
}

/** Give the owner of a lock, also where its process has just created it and is writing it. */
async function writtenHolder(path: string): Promise<Holder | undefined> {
  for (let looks = 1;; looks++) {
    const holder = await readHolder(path);
    const isNew = holder?.host === "" && Date.now() - holder.heartbeat < LOOK_MS * LOOKS;
    if (!isNew || looks === LOOKS) return holder;
    await delay(LOOK_MS);
  }
}

async function create(path: string, owner: Owner): Promise<boolean> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { createNew: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
  using _file = file;
  try {
    // One write, so that a reader finds nothing or the whole of it.
    await file.write(new TextEncoder().encode(JSON.stringify(owner)));
    return true;
  } catch (error) {
    await removeIfThere(path);
    throw error;
  }
}

async function takeOver(path: string, owner: Owner): Promise<boolean> {
  const holder = await readHolder(path);
  if (holder === undefined) return await create(path, owner);
  return isDead(holder) && await succeed(path, holder, holder, owner);
}

/**
 * Put an owner in the place of a dead holder, unless another process does.
 *
 * A dead token has one successor: the process that creates the file named after it, and then still
 * finds the dead holder in the lock. A token never comes back, so that a later process, however
 * late, finds another one there and gives up. A successor that died has a successor in turn.
 */
async function succeed(
  path: string,
  holder: Holder,
  dead: Holder,
  owner: Owner,
): Promise<boolean> {
  const claim = `${path}.${dead.token}`;
  if (!await create(claim, owner)) {
    const other = await readHolder(claim);
    if (other === undefined || !isDead(other)) return false;
    const succeeded = await succeed(path, holder, other, owner);
    if (succeeded) await removeIfThere(claim);
    return succeeded;
  }
  const beside = `${path}.${owner.token}.part`;
  try {
    if ((await readHolder(path))?.token !== holder.token) return false;
    await Deno.writeTextFile(beside, JSON.stringify(owner));
    await Deno.rename(beside, path);
    return true;
  } finally {
    await removeIfThere(beside);
    await removeIfThere(claim);
  }
}

async function heartbeat(path: string, owner: Owner): Promise<void> {
  try {
    if ((await readHolder(path))?.token !== owner.token) return;
    // Touched and not rewritten: that needs no space, and cannot bring back a removed lock.
    const time = new Date();
    await Deno.utime(path, time, time);
  } catch {
    // A beat missed once, on an unreliable file server, is made up by the next.
  }
}

/** Give the owner of a lock; undefined where there is none. */
export async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string;
  let mtime: Date | null;
  try {
    text = await Deno.readTextFile(path);
    mtime = (await Deno.stat(path)).mtime;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const heartbeat = mtime?.getTime() ?? Date.now();
  try {
    return { ...JSON.parse(text) as Owner, heartbeat };
  } catch {
    // Another process is between its create and its write, or died there: its age decides.
    const nobody = { host: "", pid: 0, boot_id: undefined, start_ticks: undefined };
    return { token: `half-written-${heartbeat}`, ...nobody, heartbeat };
  }
}
