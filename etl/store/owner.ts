import { bootId, startTicks } from "../run/process.ts";

/** How long another host's process counts as alive without a sign of life. */
const STALE_AFTER_MS = 5 * 60_000;

/** The process that a lock belongs to. */
export interface Owner {
  token: string;
  host: string;
  pid: number;
  boot_id: string | undefined;
  start_ticks: string | undefined;
}

/** An owner as its file says it; the file's modification time is the heartbeat. */
export type Holder = Owner & { heartbeat: number };

/** Give this process as an owner, under a token that was never used. */
export function thisProcess(): Owner {
  return {
    token: crypto.randomUUID(),
    host: Deno.hostname(),
    pid: Deno.pid,
    boot_id: bootId(),
    start_ticks: startTicks(Deno.pid),
  };
}

/**
 * Say whether the process of a file is gone: on this host at once, on another after five minutes
 * without a heartbeat.
 */
export function isDead(holder: Holder): boolean {
  const boot = bootId();
  if (holder.host === Deno.hostname() && boot !== undefined) {
    // A process that slept with the machine has no fresh heartbeat and is alive all the same.
    return holder.boot_id !== boot || startTicks(holder.pid) !== holder.start_ticks;
  }
  return Date.now() - holder.heartbeat > STALE_AFTER_MS;
}
