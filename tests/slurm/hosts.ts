import assert from "node:assert/strict";
import type { LoopbackGroq } from "../../demo/groq/groq.ts";
import { environment, writeDays } from "../classifiers/chat/chat_run.ts";
import { denoStart, readTasks } from "../../etl/run/task_command.ts";
import { ROOT } from "../task.ts";
import { QUOTA, until } from "./labelling.ts";

/** A day that no array has labelled. */
const DAY = "2026-06-08";
/** So many that a run is not over before another one has begun. */
const POSTS = 600;
const STALE_MS = 6 * 60_000;

/** Two hosts, as far as a process can tell: the same data folder, and another name of the machine. */
export async function hostsShareAStudy(data: string, server: LoopbackGroq): Promise<void> {
  const posts = Array.from({ length: POSTS }, (_, n) => ({ name: `h${n}`, day: DAY }));
  await writeDays(data, posts);
  const start = (host: string, classifier: string) => {
    const { env, args } = denoStart(readTasks()[`classify:${classifier}`]!.command)!;
    // unshare(1) gives the process a name of the machine for itself.
    return new Deno.Command("unshare", {
      args: [
        ...["--uts", "sh", "-c", 'hostname "$0" && exec "$@"', host, Deno.execPath(), ...args],
        ...["--since", DAY, "--until", DAY, "--data", data, "--study", `${data}/study.yaml`],
      ],
      cwd: ROOT,
      env: { ...env, ...environment(server) },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
  };
  const { record } = server;
  const before = record.arrivals.length;
  const begun = performance.now();
  const one = start("node1", "sociopolitical");
  await until("node1 asks", () => Promise.resolve(record.arrivals.length > before + 5));

  const same = await start("node2", "sociopolitical").output();
  assert.equal(same.code, 3, "the label set is held");
  assert.match(new TextDecoder().decode(same.stderr), /\(process \d+ on node1\)/);

  const other = start("node2", "attributes");
  const waiting = other.output();
  await until("node2 asks", async () => (await holders(data)).includes("node2"));
  one.kill("SIGKILL");
  await one.output();
  const held = await start("node2", "sociopolitical").output();
  assert.equal(held.code, 3, "a host that is silent may be alive for five minutes");
  const old = new Date(Date.now() - STALE_MS);
  for (const { name } of Deno.readDirSync(`${data}/locks`)) {
    await age(`${data}/locks/${name}`, old, "node1");
  }
  const [taken, done] = await Promise.all([start("node2", "sociopolitical").output(), waiting]);
  assert.deepEqual([taken.code, done.code], [0, 0], new TextDecoder().decode(taken.stderr));
  const seconds = (performance.now() - begun) / 1000;
  const requests = record.arrivals.length - before;
  assert.ok(requests >= 2 * POSTS && requests <= seconds * QUOTA, `${requests} in ${seconds} s`);
  console.log(`two hosts: ${requests} requests in ${Math.round(seconds)} s`);
  assert.ok(record.mostWithin(10_000) <= 10 * QUOTA + 2);
}

/** Give the hosts that have the quota of a model right now. */
async function holders(data: string): Promise<string[]> {
  const names = [...Deno.readDirSync(`${data}/locks`)].map(({ name }) => name)
    .filter((name) => name.startsWith("quota-"));
  const texts = await Promise.all(
    names.map((name) => Deno.readTextFile(`${data}/locks/${name}`).catch(() => "")),
  );
  return texts.flatMap((text) => /"host":"([^"]+)"/.exec(text)?.[1] ?? []);
}

/** Let a file of a host be as old as it would be had nobody beaten for some minutes. */
async function age(path: string, time: Date, host: string): Promise<void> {
  if ((await Deno.readTextFile(path)).includes(`"${host}"`)) await Deno.utime(path, time, time);
}
