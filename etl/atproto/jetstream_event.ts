import { FIRST_TIME_CURSOR } from "../raw/stream_place.ts";
import { parseTime } from "./event_time.ts";
import { type Account, FrameError, type Info, type OtherEvent } from "./frame.ts";
import { POST_COLLECTION } from "./post.ts";
import { checkPath, MAX_RKEY, type RecordOp } from "./record_op.ts";
import type { StreamCommit, StreamDecoder, StreamFrame } from "./stream_decoder.ts";

/** The lexicon of the stream, which names its events. */
export const SUBSCRIBE_EVENTS = "network.bsky.jetstream.subscribeEvents";

/** A commit with its one op; the host makes an event, with a `seq` of its own, of every op. */
export interface JetstreamCommit extends StreamCommit {
  /** In the form of atproto data in JSON (`$link`, `$bytes`); undefined for a delete. */
  record: unknown;
}

/** The fields of a JSON object. */
export type Fields = Record<string, unknown>;

/** The place of an event in the stream. */
type Place = { seq: number; time: number };

/** The protocol's limit for one message of an event stream. */
const MAX_LENGTH = 5 * 1024 * 1024;
const MAX_DID = 2048;

const DID = /^did:[a-z]+:[a-zA-Z0-9._:%-]+$/;
const TID = /^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$/;
/** CIDv1 in base32 with codec DAG-CBOR and hash sha2-256. */
const RECORD_CID = /^bafyrei[a-h][a-z2-7]{50}[aeimquy4]$/;
/** Names of events, of errors and of account states. */
export const NAME = /^[!-~]{1,128}$/;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads version 2 of Jetstream, `network.bsky.jetstream.subscribeEvents`.
 *
 * `time` is when the host witnessed the event, which is what its cursors in microseconds mean too.
 * Records are not checked against their CIDs: they come as JSON, not as the bytes that were hashed,
 * and without the signed commit. Fields that nobody here uses are not checked. Throws a `FrameError`
 * where a message does not fit the lexicon.
 */
export const JETSTREAM: StreamDecoder<JetstreamCommit> = {
  decode(message) {
    const frame = objectOf(parse(message), "the message");
    if (frame.$type === "error") return { kind: "error", error: textOf(frame, "error", NAME) };
    if (frame.$type !== "message") throw wrong("$type");
    return readPayload(objectOf(frame.payload, "payload"));
  },
  record({ record }) {
    if (record === undefined) throw new FrameError("record is missing");
    return record;
  },
};

/** Parse a message that must be JSON. */
export function parse(message: Uint8Array | string): unknown {
  if (message.length > MAX_LENGTH) throw new FrameError("the message has more than 5 MiB");
  let text;
  try {
    text = typeof message === "string" ? message : utf8.decode(message);
  } catch {
    throw new FrameError("the message is not UTF-8");
  }
  try {
    return JSON.parse(text);
  } catch {
    // The runtime's error quotes the message.
    throw new FrameError("the message is not JSON");
  }
}

function readPayload(payload: Fields): StreamFrame<JetstreamCommit> {
  const type = textOf(payload, "$type", NAME);
  switch (type) {
    case `${SUBSCRIBE_EVENTS}#commit`:
      return readCommit(placeOf(payload), payload);
    case `${SUBSCRIBE_EVENTS}#account`:
      return readAccount(placeOf(payload), payload);
    case `${SUBSCRIBE_EVENTS}#info`:
      return { kind: "info", name: textOf(payload, "name", NAME) } satisfies Info;
    default:
      return readOther(payload, type);
  }
}

/** Read a commit of the repository `did` with its one op; one on another collection is not judged. */
export function readCommit(place: Place, payload: Fields): JetstreamCommit | OtherEvent {
  if (payload.collection !== POST_COLLECTION) return { kind: "other", type: "#commit", ...place };
  return {
    kind: "commit",
    ...place,
    did: textOf(payload, "did", DID, MAX_DID),
    rev: textOf(payload, "rev", TID),
    ops: [readOp(payload)],
    record: payload.operation === "delete" ? undefined : payload.record,
  };
}

function readOp(payload: Fields): RecordOp {
  const rkey = typeof payload.rkey === "string" ? payload.rkey.slice(0, MAX_RKEY + 1) : "";
  const op: RecordOp = { action: "create", collection: POST_COLLECTION, rkey, cid: null };
  try {
    op.action = actionOf(payload.operation);
    checkPath(op);
    if (op.action === "delete") return op;
    op.cid = textOf(payload, "cid", RECORD_CID);
    objectOf(payload.record, "record");
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    op.fault = error.message;
  }
  return op;
}

/** Read the state of the account `did`. */
export function readAccount(place: Place, payload: Fields): Account {
  const did = textOf(payload, "did", DID, MAX_DID);
  const account = objectOf(payload.account, "account");
  // An account is never removed by an event that names two.
  if (account.did !== did) throw wrong("the did of account");
  if (typeof account.active !== "boolean") throw wrong("active");
  return {
    kind: "account",
    ...place,
    did,
    active: account.active,
    status: account.status === undefined || account.status === null
      ? undefined
      : textOf(account, "status", NAME),
  };
}

function readOther(payload: Fields, type: string): OtherEvent {
  const name = type.startsWith(`${SUBSCRIBE_EVENTS}#`) ? type.slice(SUBSCRIBE_EVENTS.length) : type;
  return { kind: "other", type: name, ...placeOf(payload) };
}

function placeOf(payload: Fields): Place {
  return { seq: seqOf(payload), time: timeOf(payload) };
}

function seqOf({ seq }: Fields): number {
  const isSeq = Number.isSafeInteger(seq) && (seq as number) >= 0;
  // A larger one would be taken for a time when the stream is resumed from it.
  if (!isSeq || (seq as number) >= FIRST_TIME_CURSOR) throw wrong("seq");
  return seq as number;
}

/** Read when the host witnessed an event; before it said so, `time` was that. */
function timeOf(payload: Fields): number {
  const key = payload.witnessedAt === undefined ? "time" : "witnessedAt";
  return parseTime(payload[key], key);
}

function actionOf(operation: unknown): RecordOp["action"] {
  if (operation === "create" || operation === "update" || operation === "delete") return operation;
  throw wrong("operation");
}

/** Take a value for an object; `what` names it in the error. */
export function objectOf(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(what);
  return value as Fields;
}

/** Give a text that fits a pattern. */
export function textOf(fields: Fields, key: string, pattern: RegExp, longest = 128): string {
  const value = fields[key];
  if (typeof value === "string" && value.length <= longest && pattern.test(value)) return value;
  throw wrong(key);
}

/** Make the error of a field. */
export function wrong(what: string): FrameError {
  return new FrameError(`${what} does not fit the lexicon`);
}
