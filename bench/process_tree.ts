/** Give the megabytes that a process and all that it started hold now; 0 once it has ended. */
export async function treeMegabytes(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("ps", { args: ["-e", "-o", "pid=,ppid=,rss="] })
    .output();
  const processes = new TextDecoder().decode(stdout).trim().split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number]);
  const children = Map.groupBy(processes, ([, parent]) => parent);
  const sum = (pid: number, kilobytes: number): number =>
    (children.get(pid) ?? []).reduce((total, [child, , of]) => total + sum(child, of), kilobytes);
  const [, , own = 0] = processes.find(([id]) => id === pid) ?? [];
  return sum(pid, own) / 1024;
}
