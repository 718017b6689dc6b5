import { join } from "node:path";
import { freePort } from "./free_port.ts";

const CPUS = 2;

/** What a command of Slurm printed. */
interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

/** A Slurm of one node on this machine: munged, slurmctld and slurmd, on a folder and ports of its own. */
export class Cluster implements AsyncDisposable {
  readonly #daemons: Deno.ChildProcess[] = [];

  private constructor(readonly folder: string) {}

  /** Start it; needs root and Debian's `slurm-wlm` and `munge`. */
  static async start(): Promise<Cluster> {
    const folder = await Deno.makeTempDir({ prefix: "civicsky-slurm-" });
    await Deno.chmod(folder, 0o755);
    const cluster = new Cluster(folder);
    try {
      await cluster.#startMunge();
      await cluster.#configure();
      cluster.#spawn("slurmctld", ["-D", "-c"]);
      await cluster.#until("slurmctld", ["scontrol", "ping"], /is UP/);
      cluster.#spawn("slurmd", ["-D", "-N", "localhost"]);
      await cluster.#until("slurmd", ["sinfo", "--noheader", "--format=%T"], /idle/);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** What tells the commands of Slurm which one is meant. */
  get environment(): Record<string, string> {
    return { SLURM_CONF: join(this.folder, "slurm.conf") };
  }

  /** Run a command with it in the environment. */
  async run(
    [command, ...args]: string[],
    env: Record<string, string> = {},
  ): Promise<Said> {
    const { code, stdout, stderr } = await new Deno.Command(command!, {
      args,
      env: { ...this.environment, ...env },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  /** Run a command that must not fail; gives what it printed. */
  async say(command: string[], env: Record<string, string> = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, env);
    if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** Give the jobs that are not over, tasks of arrays one by one, as `<job>_<task> <state> <plain id>`. */
  async queue(): Promise<string[]> {
    const jobs = await this.say(["squeue", "--array", "--noheader", "--format=%i %T %A"]);
    return jobs.split("\n").filter((line) => line !== "");
  }

  /** Wait until no job is left. */
  async drain(seconds: number): Promise<void> {
    const until = performance.now() + seconds * 1000;
    while ((await this.queue()).length > 0) {
      if (performance.now() > until) {
        throw new Error(`jobs are left: ${(await this.queue()).join(", ")}\n${await this.#log()}`);
      }
      await pause(500);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(["scancel", "--full", "--user=root"]).catch(() => {});
    // In the order in which they need one another.
    for (const daemon of this.#daemons.reverse()) {
      const force = setTimeout(() => daemon.kill("SIGKILL"), 10_000);
      try {
        daemon.kill("SIGTERM");
      } catch {
        // It ended by itself.
      }
      await daemon.status;
      clearTimeout(force);
    }
    await Deno.remove(this.folder, { recursive: true });
  }

  async #startMunge(): Promise<void> {
    const home = join(this.folder, "munge");
    await Deno.mkdir(home, { mode: 0o755 });
    const key = crypto.getRandomValues(new Uint8Array(128));
    await Deno.writeFile(join(home, "munge.key"), key, { mode: 0o600 });
    await this.say(["chown", "-R", "munge:munge", home]);
    this.#spawn("setpriv", [
      ...["--reuid=munge", "--regid=munge", "--clear-groups", "munged", "--foreground"],
      `--key-file=${home}/munge.key`,
      `--socket=${home}/socket`,
      `--pid-file=${home}/pid`,
      `--seed-file=${home}/seed`,
      `--log-file=${home}/log`,
    ]);
    await this.#until("munged", ["munge", "--no-input", `--socket=${home}/socket`], /^MUNGE:/);
  }

  async #configure(): Promise<void> {
    const { folder } = this;
    for (const name of ["state", "spool"]) await Deno.mkdir(join(folder, name));
    const lines = [
      "ClusterName=civicsky",
      `SlurmctldHost=${Deno.hostname()}(127.0.0.1)`,
      `SlurmctldPort=${freePort()}`,
      `SlurmdPort=${freePort()}`,
      "SlurmUser=root",
      "AuthType=auth/munge",
      // How long a job that was requeued waits, among others.
      `AuthInfo=socket=${folder}/munge/socket,cred_expire=3`,
      `StateSaveLocation=${folder}/state`,
      `SlurmdSpoolDir=${folder}/spool`,
      `SlurmctldPidFile=${folder}/slurmctld.pid`,
      `SlurmdPidFile=${folder}/slurmd.pid`,
      "ProctrackType=proctrack/linuxproc",
      "TaskPlugin=task/none",
      "SelectType=select/cons_tres",
      "SchedulerParameters=sched_interval=2,bf_interval=2",
      "KillWait=10",
      "ReturnToService=2",
      `NodeName=localhost NodeHostname=${Deno.hostname()} NodeAddr=127.0.0.1 CPUs=${CPUS} RealMemory=4000`,
      "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP",
    ];
    await Deno.writeTextFile(join(folder, "slurm.conf"), `${lines.join("\n")}\n`);
  }

  #spawn(command: string, args: string[]): void {
    const log = Deno.openSync(join(this.folder, `${this.#daemons.length}.log`), {
      create: true,
      write: true,
    });
    const daemon = new Deno.Command(command, {
      args,
      env: this.environment,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    void daemon.stdout.pipeTo(new WritableStream());
    void daemon.stderr.pipeTo(log.writable).catch(() => {});
    this.#daemons.push(daemon);
  }

  async #until(daemon: string, command: string[], answer: RegExp): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const { code, stdout } = await this.run(command);
      if (code === 0 && answer.test(stdout)) return;
      await pause(200);
    }
    throw new Error(`${daemon} does not answer\n${await this.#log()}`);
  }

  /** Give the ends of what the daemons said. */
  async #log(): Promise<string> {
    const logs = await Promise.all(
      this.#daemons.map((_, n) => Deno.readTextFile(join(this.folder, `${n}.log`))),
    );
    return logs.map((log) => log.split("\n").slice(-8).join("\n")).join("\n");
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
