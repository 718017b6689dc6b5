/** Why a run ends before all posts are done. */
export type StopReason = "signal" | "limit" | "cost" | "quota";

/** The end of a run, which its workers share. */
export class LabellingStop {
  reason: StopReason | undefined;
  failure: unknown;
  readonly #abort = new AbortController();

  /** Aborted where what waits for its turn is to be let go; what is in flight is waited for. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Whether no further post is to be taken. */
  get isSet(): boolean {
    return this.reason !== undefined || this.failure !== undefined;
  }

  /** Stop with everything durable. */
  for(reason: StopReason): void {
    this.reason ??= reason;
    // At a limit or without money, what was begun is still brought to its end.
    if (reason === "signal" || reason === "quota") this.#abort.abort();
  }

  /** Stop because of an error, which the run then throws. */
  fail(error: unknown): void {
    this.failure ??= error;
    this.#abort.abort();
  }
}
