/** Exit statuses of every task; the meanings are a contract (README, «Exit status»). */
export const EXIT = { done: 0, failed: 1, usage: 2, busy: 3, stopped: 4 } as const;
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

/** Give a one-line description of anything thrown, without its stack. */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s+/g, " ").trim().slice(0, 500);
}
