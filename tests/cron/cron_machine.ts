/** Debian's cron in a mount namespace, where it has a time zone and crontabs of its own. */
import { ROOT, type TaskResult } from "../task.ts";

/** The jobs of the machine itself, its crontabs and its zone stay out of sight; cron replaces the shell. */
const SETUP = `set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" /etc
ln -sfn "/usr/share/zoneinfo/$2" /etc/localtime
echo "$2" > /etc/timezone
: > /etc/crontab
rm -rf /etc/cron.d
mount -t tmpfs tmpfs /var/spool/cron
mkdir -m 1730 /var/spool/cron/crontabs
chgrp crontab /var/spool/cron/crontabs
mount -t tmpfs tmpfs /run
echo ready
exec cron -f`;

/** A machine with a running cron; `await using` ends it. */
export class CronMachine {
  readonly #cron: Deno.ChildProcess;

  private constructor(cron: Deno.ChildProcess) {
    this.#cron = cron;
  }

  /** Start one; `folder` is an empty one of its own. Throws what it needs where that is not there. */
  static async start(folder: string, zone: string): Promise<CronMachine> {
    const cron = new Deno.Command("unshare", {
      args: ["--mount", "--propagation", "private", "/bin/sh", "-c", SETUP, "sh", folder, zone],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = cron.stdout.getReader();
    const { value } = await reader.read();
    if (value === undefined) {
      const stderr = await new Response(cron.stderr).text();
      await cron.status;
      throw new Error(
        `test:cron needs Linux, root, and Debian's cron (apt install cron): ${stderr}`,
      );
    }
    reader.releaseLock();
    // Cron tells by whole seconds whether crontabs changed: it would miss one of its own first second.
    await new Promise((done) => setTimeout(done, 1500));
    return new CronMachine(cron);
  }

  /** Run a program on that machine. */
  async run(args: string[], env: Record<string, string> = {}, input?: string): Promise<TaskResult> {
    const child = new Deno.Command("nsenter", {
      args: [`--mount=/proc/${this.#cron.pid}/ns/mnt`, "--wd=.", ...args],
      cwd: ROOT,
      env: { NO_COLOR: "1", ...env },
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    if (input !== undefined) {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(input));
      await writer.close();
    }
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  /** Give the crontab as cron reads it, without the head of three lines that Debian's adds. */
  async crontab(): Promise<string> {
    return (await this.run(["tail", "-n", "+4", "/var/spool/cron/crontabs/root"])).stdout;
  }

  async install(crontab: string): Promise<void> {
    const { code, stderr } = await this.run(["crontab", "-"], {}, crontab);
    if (code !== 0) throw new Error(stderr);
  }

  /** Cron ends at once; what it started comes to its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#cron.kill("SIGTERM");
    await this.#cron.stdout.cancel();
    await this.#cron.stderr.cancel();
    await this.#cron.status;
  }
}

/** Wait until something is so; throws with what `found` gives where it is not so for minutes. */
export async function until(
  isSo: () => Promise<boolean>,
  found: () => Promise<string>,
  minutes = 5,
): Promise<void> {
  const end = performance.now() + 60_000 * minutes;
  while (!await isSo()) {
    if (performance.now() > end) {
      throw new Error(`waited ${minutes} minutes; found: ${await found()}`);
    }
    await new Promise((done) => setTimeout(done, 500));
  }
}
