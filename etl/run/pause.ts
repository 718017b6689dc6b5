import { AsyncLocalStorage } from "node:async_hooks";

/** Waits so many milliseconds, or until the signal is aborted. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<void>;

/** How a run within this process waits that has a time of its own, as tests give their runs. */
export const ownPause = new AsyncLocalStorage<Pause>();

/** Wait, or until the signal is aborted. */
export const delay: Pause = (ms, signal) => (ownPause.getStore() ?? pause)(ms, signal);

/** Wait as long as the machine's clock takes. */
export const pause: Pause = (ms, signal) =>
  new Promise((done) => {
    if (signal?.aborted) return done();
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      done();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener("abort", finish);
  });
