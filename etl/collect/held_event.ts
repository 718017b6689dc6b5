import type { ReadEvent } from "./event_content.ts";

/** An event that is held until its place in the time of the stream is known. */
export interface HeldEvent extends ReadEvent {
  /** Sequence numbers that the stream left out before it. */
  skipped: number;
  /** Messages before it that could not be read. */
  setAside: number;
  /** True where something is missing before it. */
  isAfterGap: boolean;
  /** Notes about the stream before it. */
  notes: string[];
}

/** What stands before an event where the stream goes on without a break. */
export const NOTHING_BEFORE = { isAfterGap: false, notes: [] as string[] };
