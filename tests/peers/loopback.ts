import assert from "node:assert/strict";

const LISTENING = "0A";
/** 127.0.0.1 and ::1, as /proc/net writes addresses. */
const LOOPBACK = ["0100007F", "00000000000000000000000001000000"];

/** Assert that these processes, and what they started, can be reached from this machine alone. */
export function listenOnLoopback(pids: number[]): void {
  const sockets = new Map<string, string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of Deno.readTextFileSync(table).trim().split("\n").slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTENING) sockets.set(`socket:[${inode}]`, local!.split(":")[0]!);
    }
  }
  const addresses = family(pids).flatMap(socketsOf).flatMap((name) => sockets.get(name) ?? []);
  assert.ok(addresses.length >= pids.length, `${addresses.length} sockets listen`);
  assert.deepEqual(addresses.filter((address) => !LOOPBACK.includes(address)), []);
}

/** Give processes and their descendants. */
function family(pids: number[]): number[] {
  const children = [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name))
    .flatMap(({ name }) => pids.includes(parentOf(name)) ? [Number(name)] : []);
  return children.length === 0 ? pids : [...pids, ...family(children)];
}

function parentOf(pid: string): number {
  // A process that has ended since its name was read has no parent.
  const stat = orGone(() => Deno.readTextFileSync(`/proc/${pid}/stat`)) ?? "";
  return Number(stat.slice(stat.lastIndexOf(")") + 1).trim().split(" ")[1]);
}

function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  const names = orGone(() => [...Deno.readDirSync(folder)].map(({ name }) => name)) ?? [];
  return names.flatMap((name) => orGone(() => Deno.readLinkSync(`${folder}/${name}`)) ?? []);
}

function orGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
