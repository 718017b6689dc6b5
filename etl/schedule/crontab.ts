import { Buffer } from "node:buffer";
import { systemVariable } from "../run/environment.ts";
import { describeError, UserError } from "../run/error.ts";
import { dirname } from "node:path";
import { now } from "../run/clock.ts";
import { sync } from "../store/whole_file.ts";
import type { DataPaths } from "../store/paths.ts";

const DOING = "change the crontab";
const WITHOUT_CRON =
  "Install cron (Debian: apt install cron), print lines for Slurm's scrontab with --scrontab, or have " +
  "systemd timers or launchd start the printed commands";
/** The wording of Vixie's cron, its descendants, and BusyBox. */
const NONE = /no crontab for|can't open '[^']*': No such file/i;
const REFUSED = /not allowed|permission denied|authentication|not permitted/i;

/** The result of a change of the crontab. */
export interface CrontabChange {
  /** The crontab as it was; empty where there was none. */
  before: Uint8Array;
  is_changed: boolean;
  /** The file that keeps it as it was; null where nothing was changed or there was none. */
  backup: string | null;
}

/**
 * Change the crontab of this user, whose bytes `edit` gets and gives; one that is empty is removed.
 *
 * The old one is first kept in a file. `crontab` takes the new one as a whole or, where cron could not read a
 * line of it, not at all. Also throws where another process changed it meanwhile.
 */
export async function changeCrontab(
  paths: DataPaths,
  edit: (crontab: Uint8Array) => Uint8Array,
  program = "crontab",
): Promise<CrontabChange> {
  const crontab: Ask = (args, input) => ask(program, args, input);
  const before = await readCrontab(crontab);
  const after = edit(before);
  if (isSame(before, after)) return { before, is_changed: false, backup: null };
  const backup = before.length > 0 ? await backUpCrontab(paths, before) : null;
  if (!isSame(before, await readCrontab(crontab))) throw changedByOthers();
  const { code, stderr } = after.length > 0 ? await crontab(["-"], after) : await crontab(["-r"]);
  if (code !== 0) throw refused(stderr);
  if (!isSame(after, await readCrontab(crontab))) throw changedByOthers();
  return { before, is_changed: true, backup };
}

type Ask = (args: string[], input?: Uint8Array) => Promise<Answer>;

/** Debian's shows carriage returns and backspaces as `\r` and `\b`, so that nobody hides a line by them. */
async function readCrontab(crontab: Ask): Promise<Uint8Array> {
  const { code, stdout, stderr } = await crontab(["-l"]);
  if (code !== 0 && NONE.test(stderr)) return new Uint8Array();
  if (code !== 0) throw refused(stderr);
  if (!/\\[rb]/.test(Buffer.from(stdout).toString("latin1"))) return stdout;
  // The editor gets the true bytes; an editor that only prints them changes nothing.
  const edited = await crontab(["-e"]);
  if (edited.code === 0 && isSame(shown(edited.stdout), shown(stdout))) return edited.stdout;
  throw new UserError(
    DOING,
    "crontab -l does not show it as it is: it holds \\r or \\b",
    "Remove those with crontab -e, or add the lines of deno task schedule by hand",
  );
}

/** Give a crontab as Debian's `crontab -l` shows it. */
function shown(crontab: Uint8Array): Uint8Array {
  const text = Buffer.from(crontab).toString("latin1");
  const escaped = text.replaceAll("\r", "\\r").replaceAll("\b", "\\b");
  return new Uint8Array(Buffer.from(escaped, "latin1"));
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

interface Answer {
  code: number;
  stdout: Uint8Array;
  stderr: string;
}

async function ask(program: string, args: string[], input?: Uint8Array): Promise<Answer> {
  const child = start(program, args, input !== undefined);
  const [{ code, stdout, stderr }] = await Promise.all([
    child.output(),
    input && write(child.stdin, input),
  ]);
  return { code, stdout, stderr: new TextDecoder().decode(stderr) };
}

function start(program: string, args: string[], isWritten: boolean): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args,
      // With N, Debian's shows a head that it adds again each time.
      env: {
        PATH: systemVariable("PATH") ?? "",
        CRONTAB_NOHEADER: "Y",
        VISUAL: "cat",
        EDITOR: "cat",
      },
      stdin: isWritten ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new UserError(DOING, "this machine has no command crontab", WITHOUT_CRON, { cause });
  }
}

async function write(stdin: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(bytes);
    await writer.close();
  } catch {
    // It ended before it read all; its exit status explains why.
  }
}

function refused(stderr: string): UserError {
  return new UserError(
    DOING,
    `crontab said: ${describeError(stderr) || "nothing"}`,
    REFUSED.test(stderr)
      ? `Ask the administrator of this machine for cron. Else: ${WITHOUT_CRON}`
      : "It is unchanged. See crontab -l, mend the named lines with crontab -e, and run the task again",
  );
}

function changedByOthers(): UserError {
  return new UserError(
    DOING,
    "another process changed it at the same time",
    "See crontab -l, then run the task again",
  );
}

/**
 * Keep a crontab as it is before it is changed, and give the file; it is durable when this returns.
 *
 * Only its owner can read it: crontabs hold keys.
 */
async function backUpCrontab(paths: DataPaths, crontab: Uint8Array): Promise<string> {
  const time = now().toISOString().slice(0, 19).replaceAll(":", "");
  const path = paths.crontabBackup(`${time}Z-${crypto.randomUUID().slice(0, 8)}`);
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeFile(path, crontab, { createNew: true, mode: 0o600 });
  await sync(path);
  return path;
}
