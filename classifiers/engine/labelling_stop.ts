/** Why a labelling run ends before all posts are done. */
export type StopReason = "signal" | "limit" | "cost" | "quota";

/** The end of a labelling run, which its workers share. */
export class LabellingStop {
  reason: StopReason | undefined;
  failure: unknown;
  readonly #abort = new AbortController();

  /** Aborted when waiting requests are dropped; requests in flight finish. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Whether no further post may be taken. */
  get isSet(): boolean {
    return this.reason !== undefined || this.failure !== undefined;
  }

  /** Stop with everything durable. */
  for(reason: StopReason): void {
    this.reason ??= reason;
    // At a limit or without budget, begun requests still finish.
    if (reason === "signal" || reason === "quota") this.#abort.abort();
  }

  /** Stop because of an error, which the run then throws. */
  fail(error: unknown): void {
    this.failure ??= error;
    this.#abort.abort();
  }
}
