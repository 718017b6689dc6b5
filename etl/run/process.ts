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

/** Give the id of this boot of the machine, or undefined where it cannot be known. */
export function bootId(): string | undefined {
  return readProc("/proc/sys/kernel/random/boot_id")?.trim();
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
