/**
 * One request and its answer, with a time-out that covers the body too.
 *
 * The SDK's own time-out ends with the headers, and it leaves a listener on every signal that it is
 * given: each exchange has a signal of its own.
 */
export class Exchange {
  readonly #request = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isTimedOut = false;

  /** Throws the caller's reason where its signal has aborted. */
  constructor(readonly timeoutMs: number, readonly caller: AbortSignal | undefined) {
    caller?.throwIfAborted();
    caller?.addEventListener("abort", this.#stop);
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }

  get isTimedOut(): boolean {
    return this.#isTimedOut;
  }

  /** Wait for a step of the exchange, at most for its time from the last progress. */
  async within<T>(step: PromiseLike<T>): Promise<T> {
    this.progress();
    try {
      return await step;
    } finally {
      clearTimeout(this.#timer);
    }
  }

  /** Begin the time anew. */
  progress(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isTimedOut = true;
      this.#request.abort();
    }, this.timeoutMs);
  }

  /** Leave nothing behind; what is still under way is ended. */
  end(): void {
    clearTimeout(this.#timer);
    this.caller?.removeEventListener("abort", this.#stop);
    this.#request.abort();
  }

  readonly #stop = () => this.#request.abort();
}
