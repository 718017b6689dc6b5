/** The clock that pacing goes by; tests pass one that they turn by hand. */
export interface PacingClock {
  /** Milliseconds on a clock that nobody sets. */
  now(): number;
  /** The machine's time of day, whatever `CIVICSKY_CLOCK` says: services go by real days. */
  utc(): Date;
  /** Call something after some milliseconds; gives what calls it off. */
  after(ms: number, wake: () => void): () => void;
}

export const PACING_CLOCK: PacingClock = {
  now: () => performance.now(),
  utc: () => new Date(),
  after(ms, wake) {
    const timer = setTimeout(wake, ms);
    return () => clearTimeout(timer);
  },
};
