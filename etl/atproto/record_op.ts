import { toString } from "@atcute/cid";
import { type CborReader, CID_BYTES, keyCode } from "./cbor_reader.ts";
import { FrameError } from "./frame_error.ts";

/** One create, update or delete of a record. */
export interface RecordOp {
  action: "create" | "update" | "delete";
  collection: string;
  rkey: string;
  /** The record's CID in base32; null for a delete. */
  cid: string | null;
  /** What does not fit the lexicon; the commit's other ops stand. */
  fault?: string;
}

/** Limits of NSIDs and record keys. */
const MAX_COLLECTION = 317;
/** The longest record key, in characters. */
export const MAX_RKEY = 512;
const ACTIONS = ["create", "update", "delete"] as const;
const COLLECTION = /^[a-zA-Z0-9.-]+$/;
const RKEY = /^(?!\.{1,2}$)[a-zA-Z0-9._:~-]+$/;

const CID = keyCode("cid");
const PATH = keyCode("path");
const ACTION = keyCode("action");
const SLASH = 0x2f;

/**
 * Read the list of a commit's ops; those in the collection (or all) are given.
 *
 * Only these are judged: what others hold is nobody's concern here. One that does not fit the lexicon,
 * or has no path that could be read, says so (`fault`), so that it does not cost the others.
 */
export function readOps(reader: CborReader, collection: string | undefined): RecordOp[] {
  const count = reader.list("ops");
  const ops: RecordOp[] = [];
  for (let i = 0; i < count; i++) readOp(reader, collection, ops);
  return ops;
}

function readOp(reader: CborReader, collection: string | undefined, ops: RecordOp[]): void {
  // Where the values begin: a path tells whether the others matter.
  let [key, cid, path, action] = [0, 0, 0, 0];
  if (!reader.isMap) {
    reader.skip();
    ops.push(withoutPath(collection));
    return;
  }
  for (let left = reader.map("an op"); left > 0; left--) {
    key = reader.key(key);
    if (reader.code === CID) cid = reader.at;
    else if (reader.code === PATH) path = reader.at;
    else if (reader.code === ACTION) action = reader.at;
    reader.skip();
  }
  const end = reader.at;
  if (path > 0) readWanted(reader, collection, ops, { cid, path, action });
  else ops.push(withoutPath(collection));
  reader.at = end;
}

/** Give the op of which nothing tells whether it is one of the wanted. */
function withoutPath(collection = ""): RecordOp {
  return { action: "create", collection, rkey: "", cid: null, fault: "an op without a path" };
}

function readWanted(
  reader: CborReader,
  wanted: string | undefined,
  ops: RecordOp[],
  at: { cid: number; path: number; action: number },
): void {
  reader.at = at.path;
  let start;
  try {
    start = reader.text("the path of an op");
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    ops.push(withoutPath(wanted));
    return;
  }
  const slash = wanted === undefined ? reader.bytes.indexOf(SLASH, start) : start + wanted.length;
  if (slash < start || slash >= reader.at || reader.bytes[slash] !== SLASH) return;
  if (wanted !== undefined && !reader.isText(start, slash, wanted)) return;
  const op: RecordOp = {
    action: "create",
    collection: wanted ?? reader.latin1(start, slash),
    // A longer one is at fault, and is written down no further.
    rkey: reader.latin1(slash + 1, Math.min(reader.at, slash + 2 + MAX_RKEY)),
    cid: null,
  };
  ops.push(op);
  try {
    checkPath(op);
    if (at.action > 0) {
      reader.at = at.action;
      op.action = readAction(reader);
    }
    // What is taken back is gone, though its server forgot the CID.
    if (at.action === 0 || at.cid === 0 && op.action !== "delete") {
      throw new FrameError("an op lacks what the lexicon requires");
    }
    reader.at = at.cid;
    if (at.cid > 0 && !reader.isNull()) {
      op.cid = cidText(reader.bytes, reader.cid("the cid of an op"));
    }
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    op.fault = error.message;
  }
}

/** Check collection and record key; throws a `FrameError` where one does not fit the lexicon. */
export function checkPath({ collection, rkey }: Pick<RecordOp, "collection" | "rkey">): void {
  const isPath = collection.length <= MAX_COLLECTION && COLLECTION.test(collection) &&
    rkey.length <= MAX_RKEY && RKEY.test(rkey);
  if (!isPath) throw new FrameError("the path of an op does not fit the lexicon");
}

function readAction(reader: CborReader): RecordOp["action"] {
  const start = reader.text("the action of an op");
  for (const action of ACTIONS) if (reader.isText(start, reader.at, action)) return action;
  throw new FrameError("the action of an op does not fit the lexicon");
}

function cidText(bytes: Uint8Array, at: number): string {
  return toString({ bytes: bytes.subarray(at, at + CID_BYTES) } as Parameters<typeof toString>[0]);
}
