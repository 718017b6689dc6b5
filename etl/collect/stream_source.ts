import type { StreamDecoder } from "../atproto/stream_decoder.ts";

/** A source that is a stream with cursors. */
export interface StreamSource {
  name: string;
  /** Base URLs, best first. */
  hosts: string[];
  /** What names a host on the command line and in the environment, for errors. */
  namedBy?: string;
  /** Give the URL of a host's stream behind a cursor; without one it begins with what comes next. */
  url(host: string, cursor: number | undefined): string;
  decoder: StreamDecoder;
  /** How far back hosts replay, in milliseconds. */
  replayMs: number;
  /** Does the host leave out what was not asked for? */
  isFiltered?: boolean;
  /** Give the cursor that stands for a time, where the source has such cursors. */
  timeCursor?(time: Date): number;
}
