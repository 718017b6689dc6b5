/** Runs `cron_run.sh` at instants that a test names. */
import { ROOT } from "../../task.ts";

const SCRIPT = `${ROOT}etl/schedule/cron_run.sh`;

export interface CronRun {
  code: number;
  /** What cron would mail. */
  mail: string;
}

/** A machine whose clock stands where it is put; what it keeps lies in a folder. */
export class CronClock {
  readonly logs: string;
  readonly #bin: string;

  private constructor(folder: string) {
    this.logs = `${folder}/logs`;
    this.#bin = `${folder}/bin`;
  }

  static async start(folder: string): Promise<CronClock> {
    const machine = new CronClock(folder);
    await Deno.mkdir(machine.#bin);
    const date = '#!/bin/sh\nPATH=/usr/bin:/bin exec date -d "@$CLOCK" "$@"\n';
    await Deno.writeTextFile(`${machine.#bin}/date`, date, { mode: 0o755 });
    return machine;
  }

  /** Run a command as a line of the crontab does. */
  async run(at: string | Date, when: string, command: string[], name = "daily"): Promise<CronRun> {
    const { code, stdout, stderr } = await new Deno.Command("/bin/sh", {
      args: [SCRIPT, name, this.logs, when, ...command],
      clearEnv: true,
      env: {
        PATH: `${this.#bin}:/usr/bin:/bin`,
        CLOCK: String(Math.floor(new Date(at).getTime() / 1000)),
      },
    }).output();
    const decoder = new TextDecoder();
    return { code, mail: decoder.decode(stdout) + decoder.decode(stderr) };
  }

  async log(month: string, name = "daily"): Promise<string> {
    return await Deno.readTextFile(`${this.logs}/${name}-${month}.log`);
  }
}

/** Tell whether the minute and hour of a line of a crontab are those of a wall clock, given as UTC. */
export function isStarted(fields: string, wallClock: Date): boolean {
  const [minutes, hours] = fields.split(" ") as [string, string];
  const has = (field: string, value: number) =>
    field === "*" || field.split(",").map(Number).includes(value);
  return has(minutes, wallClock.getUTCMinutes()) && has(hours, wallClock.getUTCHours());
}
