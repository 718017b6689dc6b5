import type { StreamDecoder } from "../atproto/stream_decoder.ts";

/** What is spoken with a host of a stream. */
export interface Dialect {
  /** Give the URL of a host's stream behind a cursor; without one it begins with the next event. */
  url(host: string, cursor: number | undefined): string;
  decoder: StreamDecoder;
  /** Give the cursor that stands for a time, where there are such cursors. */
  timeCursor?(time: Date): number;
  /** Are all cursors times, which several events may share? Else events have numbers of their own. */
  isTimed?: boolean;
  /** Stands in the notes of all coverage that was read in this way. */
  note?: string;
}

/** A source that is a stream with cursors. */
export interface StreamSource extends Dialect {
  name: string;
  /** Base URLs, best first. */
  hosts: string[];
  /** The option and the variable that name a host, for errors. */
  namedBy?: string;
  /** How far back hosts replay, in milliseconds. */
  replayMs: number;
  /** Does the host leave out unrequested events? */
  isFiltered?: boolean;
  /** What hosts of the older version speak. */
  older?: Dialect;
  /** Base URLs of the hosts that were found to know only that. */
  olderHosts: Set<string>;
}

/** Give what is spoken with a host. */
export function dialectAt(source: StreamSource, host: string): Dialect {
  return source.older !== undefined && source.olderHosts.has(host) ? source.older : source;
}
