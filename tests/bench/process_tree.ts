/** What a process and all that it started have taken, as far as it was looked at in time. */
export class ProcessTree {
  readonly #pid: number;
  readonly #cpuSeconds = new Map<number, number>();
  /** Megabytes that they held together, at most. */
  peak = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Seconds of processors; wall time depends on what else a machine does. */
  get cpuSeconds(): number {
    return this.#cpuSeconds.values().reduce((sum, seconds) => sum + seconds, 0);
  }

  /** Look at them now, where there is `ps`. */
  async look(): Promise<void> {
    const args = ["-A", "-o", "pid=,ppid=,rss=,time="];
    const { stdout } = await new Deno.Command("ps", { args }).output();
    const processes = new TextDecoder().decode(stdout).trim().split("\n")
      .map((line) => line.trim().split(/\s+/)).map(([pid, parent, kilobytes, time]) => ({
        pid: Number(pid),
        parent: Number(parent),
        kilobytes: Number(kilobytes),
        cpuSeconds: seconds(time!),
      }));
    const children = Map.groupBy(processes, ({ parent }) => parent);
    const tree = processes.filter(({ pid }) => pid === this.#pid);
    // The array grows while it is walked.
    for (const { pid } of tree) tree.push(...children.get(pid) ?? []);
    for (const { pid, cpuSeconds } of tree) this.#cpuSeconds.set(pid, cpuSeconds);
    const held = tree.reduce((sum, { kilobytes }) => sum + kilobytes, 0) / 1024;
    this.peak = Math.max(this.peak, held);
  }
}

/** Read `[[days-]hours:]minutes:seconds`. */
function seconds(time: string): number {
  const [days, clock] = time.includes("-") ? time.split("-") as [string, string] : ["0", time];
  const ofDay = clock.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
  return Number(days) * 86_400 + ofDay;
}
