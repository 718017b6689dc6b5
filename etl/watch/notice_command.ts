import { describeError } from "../run/error.ts";
import { type Notice, NotSent } from "./notice.ts";

/** How long the program may take. */
const TIMEOUT_MS = 30_000;

/**
 * Run a program, without a shell, with a notice on its standard input and in its environment.
 *
 * Its output goes only to our stderr. Throws a `NotSent` where it cannot be started, exits
 * with another status than 0, or takes too long, for which it is ended.
 */
export async function noticeCommand(
  [program, ...args]: string[],
  notice: Notice,
  signal: AbortSignal,
  timeoutMs = TIMEOUT_MS,
): Promise<void> {
  if (signal.aborted) throw new NotSent(`${program} was not started, as the run ends`);
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program!, {
      args,
      env: environmentOf(notice),
      stdin: "piped",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
  } catch (error) {
    throw new NotSent(`${program} cannot be started: ${describeError(error)}`);
  }
  const ended = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const end = () => kill(child);
  ended.addEventListener("abort", end, { once: true });
  try {
    await write(child.stdin, `${notice.text}\n`);
    const { code, signal: by } = await child.status;
    if (ended.aborted) throw new NotSent(`${program} took too long and was ended`);
    if (code !== 0) throw new NotSent(`${program} ended with ${by ?? `exit status ${code}`}`);
  } finally {
    ended.removeEventListener("abort", end);
  }
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has just ended.
  }
}

/** A program may leave its input unread. */
async function write(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    await writer.abort().catch(() => {});
  }
}

function environmentOf(notice: Notice): Record<string, string> {
  return {
    CIVICSKY_EVENT: notice.event,
    CIVICSKY_INCIDENT: notice.key,
    CIVICSKY_TITLE: notice.title,
    CIVICSKY_REMEDY: notice.remedy,
    CIVICSKY_STUDY_NAME: notice.study,
    CIVICSKY_MACHINE: notice.machine,
  };
}
