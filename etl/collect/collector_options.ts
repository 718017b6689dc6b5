import type { ContentOptions } from "./event_content.ts";
import type { Dialect } from "./stream_source.ts";

/** Where a host's stream was read to. */
export interface Position {
  host: string;
  /** The last cursor; events up to it are repetitions. Undefined: the stream's own beginning. */
  cursor: number | undefined;
  /** Time of the event at the cursor, undefined where it is not known. */
  time: string | undefined;
  /** True where only few events behind a gap told that time: the one behind the cursor is found anew. */
  isUnproven?: boolean;
  /** Events of the stream's last whole minute before it. */
  minuteEvents?: number;
  /** True where the host holds nothing older than its next event. */
  isBeginning?: boolean;
  /** The cursor of the first event from `until` on, where it was read before: it counts more than time. */
  untilCursor?: number | undefined;
  /** The value to request instead of the cursor, such as a time, until the first event. */
  ask?: number;
  /** Earlier posts are left out, in the place of `from` of the options. */
  from?: Date;
}

/** What a collector must know of the dialect of a host. */
export type Spoken = Pick<Dialect, "decoder" | "isTimed" | "timeCursor" | "note">;

/** What a collector reads, from where to where. */
export interface CollectorOptions extends ContentOptions {
  position: Position;
  dialect: Spoken;
  /** Does the host leave out unrequested events? Then jumps of the sequence mean nothing. */
  isFiltered?: boolean;
  /** Called with the name of each `#info`. */
  onInfo?: (name: string) => void;
  /** Earlier posts are left out: they lead to the start of the window. */
  from?: Date | undefined;
  /** Events from here on are left to the next run. */
  until: Date | undefined;
  /** Posts after which nothing more is taken. */
  limit?: number | undefined;
  /** Our own clock. */
  now?: () => Date;
}
