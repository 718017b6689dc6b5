import { CarFile } from "./car_file.ts";
import { CborReader, keyCode, TRUE } from "./cbor_reader.ts";
import { readTime } from "./event_time.ts";
import { FrameError } from "./frame_error.ts";
import { readOps, type RecordOp } from "./record_op.ts";

export { isStorable } from "./event_time.ts";
export { FrameError } from "./frame_error.ts";
export { recordOf } from "./record.ts";
export type { RecordOp } from "./record_op.ts";

/** A decoded frame `#commit`; the `time` of an event is in milliseconds since 1970. */
export interface Commit {
  kind: "commit";
  seq: number;
  time: number;
  did: string;
  rev: string;
  /** Those in the collection that was asked for. */
  ops: RecordOp[];
  blocks: CarFile;
}

/** A decoded frame `#account`. */
export interface Account {
  kind: "account";
  seq: number;
  time: number;
  did: string;
  active: boolean;
  status: string | undefined;
}

/** #identity, #sync, commits of other collections and whatever the protocol may add. */
export interface OtherEvent {
  kind: "other";
  type: string;
  seq: number;
  time: number;
}

/** A decoded frame `#info`. */
export interface Info {
  kind: "info";
  name: string;
}

/** A frame with which the relay ends the stream, such as FutureCursor or ConsumerTooSlow. */
export interface StreamError {
  kind: "error";
  error: string;
}

/** A decoded frame of the firehose. */
export type Frame = Commit | Account | OtherEvent | Info | StreamError;

/** The type that a commit gets here which came without the ops that it has, as it was too big. */
export const TOO_BIG_COMMIT = "#tooBig";

/** The protocol's limit for one message of an event stream. */
const MAX_FRAME_BYTES = 5 * 1024 * 1024;
/** Limit of the lexicon com.atproto.sync.subscribeRepos. */
const MAX_BLOCKS_BYTES = 2_000_000;
const MAX_DID = 2048;
/** Names of message types, of errors and of account states, and times. */
const MAX_NAME = 128;

const DID = /^did:[a-z]+:[a-zA-Z0-9._:%-]+$/;
/** Text that is safe to show on a terminal. */
const PRINTABLE = /^[!-~]+$/;
const TID = /^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$/;

const OP = keyCode("op");
const T = keyCode("t");
const SEQ = keyCode("seq");
const REV = keyCode("rev");
const OPS = keyCode("ops");
const DID_KEY = keyCode("did");
const REPO = keyCode("repo");
const TIME = keyCode("time");
const NAME = keyCode("name");
const ERROR = keyCode("error");
const BLOCKS = keyCode("blocks");
const ACTIVE = keyCode("active");
const STATUS = keyCode("status");
const TOO_BIG = keyCode("tooBig");

/**
 * Decode one binary frame of `com.atproto.sync.subscribeRepos`.
 *
 * With a collection, only ops on its records are given; no object is made of the others, and no CAR
 * file is looked at. A commit without such an op is one of the other events. Fields that nobody here uses
 * are walked over, not checked. Throws a `FrameError`
 * where the bytes are no DAG-CBOR or the frame does not fit the lexicon.
 */
export function decodeFrame(bytes: Uint8Array, collection?: string): Frame {
  if (bytes.length > MAX_FRAME_BYTES) throw new FrameError("the frame has more than 5 MiB");
  const reader = new CborReader(bytes);
  const frame = readBody(reader, readHeader(reader), collection);
  if (!reader.isDone) throw new FrameError("bytes after the body");
  return frame;
}

/** Give the type of the message; null where it is an error. */
function readHeader(reader: CborReader): string | null {
  let op: number | undefined;
  let type: string | undefined;
  let key = 0;
  for (let left = reader.map("the header"); left > 0; left--) {
    key = reader.key(key);
    if (reader.code === T) type = readType(reader);
    else if (reader.code === OP) op = reader.integer("op");
    else reader.skip();
  }
  if (op === -1) return null;
  if (op !== 1) throw new FrameError("op does not fit the lexicon");
  if (type === undefined) throw new FrameError("a message without a type");
  return type;
}

function readType(reader: CborReader): string {
  const { at } = reader;
  const start = reader.text("the type");
  // Nearly every message is one, and needs no string of its own.
  if (reader.isText(start, reader.at, "#commit")) return "#commit";
  reader.at = at;
  return matched(reader.ascii("the type", MAX_NAME), PRINTABLE, "the type");
}

function readBody(
  reader: CborReader,
  type: string | null,
  collection: string | undefined,
): Frame {
  switch (type) {
    case null:
      return { kind: "error", error: readName(reader, ERROR, "error") };
    case "#commit":
      return readCommit(reader, collection);
    case "#account":
      return readAccount(reader);
    case "#info":
      return { kind: "info", name: readName(reader, NAME, "name") };
    default:
      return readOther(reader, type);
  }
}

function readCommit(reader: CborReader, collection: string | undefined): Commit | OtherEvent {
  let key = 0;
  let seq, time, did, rev, ops, blocks;
  for (let left = reader.map("the body"); left > 0; left--) {
    key = reader.key(key);
    switch (reader.code) {
      case OPS:
        ops = readOps(reader, collection);
        // Keys are in canonical order, by which ops come before all that they need.
        if (collection !== undefined && ops.length === 0) {
          return readOther(reader, "#commit", left - 1, key);
        }
        break;
      case REV:
        rev = matched(reader.ascii("rev", MAX_NAME), TID, "rev");
        break;
      case SEQ:
        seq = reader.unsigned("seq");
        break;
      case REPO:
        did = matched(reader.ascii("repo", MAX_DID), DID, "repo");
        break;
      case TIME:
        time = readTime(reader);
        break;
      case BLOCKS:
        blocks = reader.byteString("blocks");
        if (blocks.length > MAX_BLOCKS_BYTES) throw new FrameError("blocks has more than 2 MB");
        break;
      default:
        reader.skip();
    }
  }
  return {
    kind: "commit",
    seq: given(seq, "seq"),
    time: given(time, "time"),
    did: given(did, "repo"),
    rev: given(rev, "rev"),
    ops: given(ops, "ops"),
    blocks: new CarFile(given(blocks, "blocks")),
  };
}

function readAccount(reader: CborReader): Account {
  let key = 0;
  let seq, time, did, active, status;
  for (let left = reader.map("the body"); left > 0; left--) {
    key = reader.key(key);
    switch (reader.code) {
      case SEQ:
        seq = reader.unsigned("seq");
        break;
      case DID_KEY:
        did = matched(reader.ascii("did", MAX_DID), DID, "did");
        break;
      case TIME:
        time = readTime(reader);
        break;
      case ACTIVE:
        active = reader.boolean("active");
        break;
      case STATUS:
        if (reader.isNull()) break;
        status = matched(reader.ascii("status", MAX_NAME), PRINTABLE, "status");
        break;
      default:
        reader.skip();
    }
  }
  return {
    kind: "account",
    seq: given(seq, "seq"),
    time: given(time, "time"),
    did: given(did, "did"),
    active: given(active, "active"),
    status,
  };
}

/** Read what every event has, from the pair on that follows `key`. */
function readOther(
  reader: CborReader,
  type: string,
  left = reader.map("the body"),
  key = 0,
): OtherEvent {
  let seq, time;
  let isTooBig = false;
  for (; left > 0; left--) {
    key = reader.key(key);
    if (reader.code === SEQ) seq = reader.unsigned("seq");
    else if (reader.code === TIME) time = readTime(reader);
    else if (reader.code === TOO_BIG && type === "#commit") isTooBig = readFlag(reader);
    else reader.skip();
  }
  return {
    kind: "other",
    type: isTooBig ? TOO_BIG_COMMIT : type,
    seq: given(seq, "seq"),
    time: given(time, "time"),
  };
}

/** Tell whether an item is true, whatever else it may be. */
function readFlag(reader: CborReader): boolean {
  const { at } = reader;
  reader.skip();
  return reader.bytes[at] === TRUE;
}

/** Read one text of a body. */
function readName(reader: CborReader, wanted: number, what: string): string {
  let key = 0;
  let name;
  for (let left = reader.map("the body"); left > 0; left--) {
    key = reader.key(key);
    if (reader.code === wanted) name = matched(reader.ascii(what, MAX_NAME), PRINTABLE, what);
    else reader.skip();
  }
  return given(name, what);
}

function matched(text: string, pattern: RegExp, what: string): string {
  if (!pattern.test(text)) throw new FrameError(`${what} does not fit the lexicon`);
  return text;
}

function given<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new FrameError(`${what} is missing`);
  return value;
}
