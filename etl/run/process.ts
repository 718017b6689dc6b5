/**
 * Identity of running processes: Deno shows `/proc` only under all permissions, so it is read through libc,
 * which the permission for native code (needed for DuckDB anyway) covers. Outside of Linux
 * `bootId` and `startTicks` say that they do not know, and locks fall back on their heartbeat.
 */
import process from "node:process";

/** access(2) */
const W_OK = 2;

let libc: ReturnType<typeof open> | undefined;

function open() {
  return Deno.dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
    access: { parameters: ["buffer", "i32"], result: "i32" },
    readlink: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  });
}

/** Give the text of a file of `/proc`; undefined where there is none. */
export function readProc(path: string): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  const { symbols } = libc ??= open();
  const descriptor = symbols.open(terminated(path), 0);
  if (descriptor < 0) return undefined;
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const length = Number(symbols.read(descriptor, bytes, BigInt(bytes.length)));
    if (length <= 0) break;
    text += decoder.decode(bytes.subarray(0, length), { stream: true });
  }
  symbols.close(descriptor);
  return text === "" ? undefined : text;
}

/** Ask the system whether this process may write to a path; undefined where it is not Linux. */
export function isWritable(path: string): boolean | undefined {
  if (Deno.build.os !== "linux") return undefined;
  const { symbols } = libc ??= open();
  return symbols.access(terminated(path), W_OK) === 0;
}

function terminated(path: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${path}\0`);
}

/** The namespace of pids that a machine begins with (PROC_PID_INIT_INO of Linux). */
const FIRST_PIDS = "pid:[4026531836]";

/**
 * Give the id of this boot of the machine, or undefined where it cannot be known.
 *
 * In a container that has pids of its own, the namespace of these stands behind it: pids of different
 * ids cannot be compared.
 */
export function bootId(): string | undefined {
  const boot = readProc("/proc/sys/kernel/random/boot_id")?.trim();
  if (boot === undefined) return undefined;
  const pids = linkTarget("/proc/self/ns/pid") ?? FIRST_PIDS;
  return pids === FIRST_PIDS ? boot : `${boot} ${pids}`;
}

/** Give when this machine was booted, in milliseconds since 1970; undefined where it cannot be known. */
export function bootTime(): number | undefined {
  const seconds = Number(readProc("/proc/uptime")?.split(" ")[0]);
  return Number.isNaN(seconds) ? undefined : Date.now() - seconds * 1000;
}

function linkTarget(path: string): string | undefined {
  const { symbols } = libc ??= open();
  const bytes = new Uint8Array(256);
  const length = Number(symbols.readlink(terminated(path), bytes, BigInt(bytes.length)));
  return length < 0 ? undefined : new TextDecoder().decode(bytes.subarray(0, length));
}

/**
 * Give when a process of this machine started, in clock ticks since boot; undefined where no such process runs.
 *
 * With the boot id it tells a process from a later one that got the same pid (proc(5), field 22).
 */
export function startTicks(pid: number): string | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  // The command's name, in parentheses, may hold spaces and parentheses itself.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields?.[0] === "Z") return undefined;
  return fields?.[19];
}

/** Give the most memory that this process has held so far, in megabytes of 1024 KiB. */
export function peakMegabytes(): number {
  // Memory inherited from the parent counts in maxRSS, as long as it is more (getrusage(2)).
  const own = /^VmHWM:\s+(\d+) kB$/m.exec(readProc("/proc/self/status") ?? "")?.[1];
  // Linux and macOS differ in the unit of maxRSS; Deno gives KiB on both.
  const kilobytes = own === undefined ? process.resourceUsage().maxRSS : Number(own);
  return Math.round(kilobytes / 102.4) / 10;
}
