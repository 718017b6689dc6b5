import { FIRST_TIME_CURSOR } from "../raw/stream_place.ts";
import {
  type Fields,
  JETSTREAM,
  type JetstreamCommit,
  NAME,
  objectOf,
  parse,
  readAccount,
  readCommit,
  textOf,
  wrong,
} from "./jetstream_event.ts";
import type { StreamDecoder } from "./stream_decoder.ts";

/** Where a host of version 1 lets people subscribe. */
export const SUBSCRIBE = "/subscribe";

/**
 * Reads version 1 of Jetstream.
 *
 * It numbers nothing. `time_us`, the host's own clock when the event came to it, is the event's cursor
 * and its time; several events may share one. The rest is checked as in version 2. Throws a
 * `FrameError` where a message does not fit.
 */
export const JETSTREAM_V1: StreamDecoder<JetstreamCommit> = {
  decode(message) {
    const event = objectOf(parse(message), "the message");
    const place = placeOf(event);
    const kind = textOf(event, "kind", NAME);
    switch (kind) {
      case "commit": {
        const commit = objectOf(event.commit, "commit");
        return readCommit(place, { ...commit, did: event.did });
      }
      case "account":
        return readAccount(place, event);
      default:
        return { kind: "other", type: `#${kind}`, ...place };
    }
  },
  record: JETSTREAM.record,
};

function placeOf({ time_us }: Fields) {
  // A smaller one is no time of this stream, and a host of version 2 would take it for a number.
  const isTime = Number.isSafeInteger(time_us) && (time_us as number) >= FIRST_TIME_CURSOR;
  if (!isTime) throw wrong("time_us");
  const seq = time_us as number;
  return { seq, time: Math.floor(seq / 1000) };
}
