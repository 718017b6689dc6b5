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
}

/** Limits of the lexicons com.atproto.sync.subscribeRepos, NSID and record key. */
const MAX_OPS = 200;
const MAX_COLLECTION = 317;
const MAX_RKEY = 512;
const ACTIONS = ["create", "update", "delete"] as const;

const CID = keyCode("cid");
const PATH = keyCode("path");
const ACTION = keyCode("action");
const SLASH = 0x2f;

const IN_COLLECTION = characters("-.");
const IN_RKEY = characters("-._:~");

/** Read the list of a commit's ops; all are checked, those in the collection (or all) are given. */
export function readOps(reader: CborReader, collection: string | undefined): RecordOp[] {
  const count = reader.list("ops");
  if (count > MAX_OPS) throw new FrameError("ops has more items than the lexicon allows");
  const ops: RecordOp[] = [];
  for (let i = 0; i < count; i++) readOp(reader, collection, ops);
  return ops;
}

function readOp(reader: CborReader, collection: string | undefined, ops: RecordOp[]): void {
  let key = 0;
  let action: RecordOp["action"] | undefined;
  let cid: number | null | undefined;
  let [path, slash, end] = [0, 0, 0];
  for (let left = reader.map("an op"); left > 0; left--) {
    key = reader.key(key);
    switch (reader.code) {
      case CID:
        cid = reader.isNull() ? null : reader.cid("the cid of an op");
        break;
      case PATH:
        path = reader.text("the path of an op");
        end = reader.at;
        slash = slashIn(reader.bytes, path, end);
        break;
      case ACTION:
        action = readAction(reader);
        break;
      default:
        reader.skip();
    }
  }
  if (action === undefined || cid === undefined || slash === 0) {
    throw new FrameError("an op lacks what the lexicon requires");
  }
  if (collection !== undefined && !reader.isText(path, slash, collection)) return;
  ops.push({
    action,
    collection: collection ?? reader.latin1(path, slash),
    rkey: reader.latin1(slash + 1, end),
    cid: cid === null ? null : cidText(reader.bytes, cid),
  });
}

function readAction(reader: CborReader): RecordOp["action"] {
  const start = reader.text("the action of an op");
  for (const action of ACTIONS) if (reader.isText(start, reader.at, action)) return action;
  throw new FrameError("the action of an op does not fit the lexicon");
}

/** Check a path of collection and record key, and give where its slash is. */
function slashIn(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && IN_COLLECTION[bytes[at]!] === 1) at++;
  const slash = at++;
  while (at < end && IN_RKEY[bytes[at]!] === 1) at++;
  const [collection, rkey] = [slash - start, end - slash - 1];
  // "." and ".." are no record keys.
  const dots = rkey < 3 && bytes[slash + 1] === 0x2e && (rkey === 1 || bytes[slash + 2] === 0x2e);
  const isPath = bytes[slash] === SLASH && at === end && collection > 0 && rkey > 0 && !dots &&
    collection <= MAX_COLLECTION && rkey <= MAX_RKEY;
  if (!isPath) throw new FrameError("the path of an op does not fit the lexicon");
  return slash;
}

function cidText(bytes: Uint8Array, at: number): string {
  return toString({ bytes: bytes.subarray(at, at + CID_BYTES) } as Parameters<typeof toString>[0]);
}

/** Mark the ASCII letters, the digits and some more characters. */
function characters(more: string): Uint8Array {
  const marks = new Uint8Array(256);
  for (let code = 0; code < 128; code++) {
    const character = String.fromCharCode(code);
    if (/[a-zA-Z0-9]/.test(character) || more.includes(character)) marks[code] = 1;
  }
  return marks;
}
