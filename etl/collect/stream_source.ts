import type { StreamDecoder } from "../atproto/stream_decoder.ts";

/** A source that is a stream with cursors. */
export interface StreamSource {
  name: string;
  /** Base URLs, best first. */
  hosts: string[];
  /** The option and the variable that name a host, for errors. */
  namedBy?: string;
  /** Give the URL of a host's stream behind a cursor; without one it begins with the next event. */
  url(host: string, cursor: number | undefined): string;
  decoder: StreamDecoder;
  /** How far back hosts replay, in milliseconds. */
  replayMs: number;
  /** Does the host leave out unrequested events? */
  isFiltered?: boolean;
  /** Give the cursor that stands for a time, where the source has such cursors. */
  timeCursor?(time: Date): number;
}
