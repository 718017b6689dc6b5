import { type Commit, decodeFrame, type Frame, FrameError, recordOf } from "./frame.ts";
import { POST_COLLECTION } from "./post.ts";
import type { RecordOp } from "./record_op.ts";

/** A commit as every stream of the AT Protocol gives it; where its records are is the stream's own affair. */
export type StreamCommit = Omit<Commit, "blocks">;

/** A decoded message of any stream. */
export type StreamFrame<C extends StreamCommit = StreamCommit> = C | Exclude<Frame, Commit>;

/** Reads the messages of one kind of stream. */
export interface StreamDecoder<C extends StreamCommit = StreamCommit> {
  /** Decode one message; ops on other collections than that of posts may be left out. */
  decode(message: Uint8Array | string): StreamFrame<C>;
  /** Give the record that an op of a commit of this decoder creates or updates. */
  record(commit: C, op: RecordOp): unknown;
}

/**
 * Reads `com.atproto.sync.subscribeRepos`.
 *
 * Both functions throw a `FrameError` where a message or a record does not fit the lexicon; a
 * record is checked against its CID.
 */
export const FIREHOSE: StreamDecoder<Commit> = {
  decode(message) {
    if (typeof message === "string") throw new FrameError("a text message");
    return decodeFrame(message, POST_COLLECTION);
  },
  record({ blocks }, { cid }) {
    if (cid === null) throw new FrameError("the op has no CID");
    return recordOf(blocks, cid);
  },
};
