/** Exit statuses of every task; the meanings are a contract (README, "Exit status"). */
export const EXIT = { done: 0, failed: 1, usage: 2, busy: 3, stopped: 4 } as const;
/** An exit status of a task. */
export type ExitStatus = typeof EXIT[keyof typeof EXIT];

/**
 * An error that a user can do something about: printed without a stack, as
 * `Cannot <doing>: <found>` and one indented line with the remedy.
 */
export class UserError extends Error {
  readonly exitCode: ExitStatus;

  constructor(
    readonly doing: string,
    readonly found: string,
    readonly remedy: string,
    options: { exitCode?: ExitStatus; cause?: unknown } = {},
  ) {
    super(`Cannot ${doing}: ${found}`, { cause: options.cause });
    this.name = "UserError";
    this.exitCode = options.exitCode ?? EXIT.failed;
  }

  /** Give the two lines that a terminal shows. */
  format(): string {
    return `${this.message}\n  ${this.remedy}`;
  }
}

/** The remedy where the operating system says that a file system is read-only. */
export const READ_ONLY = "Mount it writable, or name another folder with --data";

/** Did the operating system refuse to write because the file system is read-only? */
export function isReadOnly(error: unknown): boolean {
  return /read-only file system|EROFS/i.test(describeError(error));
}

/** Give a one-line description of anything thrown, without its stack. */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s+/g, " ").trim()
    .replace(/^Is a directory \(os error \d+\): \w+ '(.*)'$/, "$1 is a folder and no file")
    .slice(0, 500);
}

/** Did the operating system refuse to write because the disk or the user's quota is full? */
export function isFull(thrown: unknown): boolean {
  const { code = "" } = thrown as { code?: string };
  // DuckDB says so only in words.
  return thrown instanceof Error &&
    (["ENOSPC", "EDQUOT"].includes(code) || /no space left on device/i.test(thrown.message));
}

/** Did the operating system refuse what the user has no right to? DuckDB says so only in words. */
function isDenied(thrown: unknown): boolean {
  return thrown instanceof Deno.errors.PermissionDenied ||
    /^IO Error: .*: Permission denied/.test(describeError(thrown));
}

/** Give any refusal of the operating system as an error with its remedy. */
export function explained(thrown: unknown): unknown {
  if (thrown instanceof UserError) return thrown;
  const remedy = isReadOnly(thrown)
    ? READ_ONLY
    : isDenied(thrown)
    ? "Give the user that runs this task the right to read and write there, and in the whole data folder"
    : isFull(thrown)
    ? "Free some space and run the task again; nothing that was collected is lost"
    : undefined;
  return remedy ? new UserError("go on", describeError(thrown), remedy, { cause: thrown }) : thrown;
}
