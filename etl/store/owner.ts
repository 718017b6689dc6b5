import { bootId, bootTime, startTicks } from "../run/process.ts";

/** How long another host's process counts as alive without a sign of life. */
const STALE_AFTER_MS = 5 * 60_000;
/** A sign of life so long before this boot is of an earlier one: two heartbeats. */
const BEFORE_BOOT_MS = 60_000;

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
 * Say whether the process of a file is gone: one of this boot and its pids at once, any other after five
 * minutes without a heartbeat, or where the last one was before this host was booted.
 *
 * Containers on one machine may share its name and boot, and machines made from one image a name.
 */
export function isDead(holder: Holder): boolean {
  const isHere = holder.host === Deno.hostname();
  if (isHere && holder.boot_id !== undefined && holder.boot_id === bootId()) {
    // A process that slept with the machine has no fresh heartbeat and is alive all the same.
    return startTicks(holder.pid) !== holder.start_ticks;
  }
  const isBefore = isHere && holder.heartbeat < (bootTime() ?? -Infinity) - BEFORE_BOOT_MS;
  return isBefore || Date.now() - holder.heartbeat > STALE_AFTER_MS;
}
