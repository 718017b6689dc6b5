import { createHash } from "node:crypto";
import { fromUint8Array } from "@atcute/car";
import { decodeFirst, fromBytes, fromCidLink, isBytes, isCidLink } from "@atcute/cbor";
import { toString } from "@atcute/cid";
import { z } from "zod";

/** What is wrong with a frame or an op, in words that hold nothing of its content. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** One create, update or delete of a record. */
export interface RecordOp {
  action: "create" | "update" | "delete";
  collection: string;
  rkey: string;
  /** The record's CID in base32; null for a delete. */
  cid: string | null;
}

export interface Commit {
  kind: "commit";
  seq: number;
  time: string;
  did: string;
  rev: string;
  ops: RecordOp[];
  /** The CAR file of the commit, as it came. */
  blocks: Uint8Array;
}

export interface Account {
  kind: "account";
  seq: number;
  time: string;
  did: string;
  active: boolean;
  status: string | undefined;
}

/** #identity, #sync and whatever the protocol may add. */
export interface OtherEvent {
  kind: "other";
  type: string;
  seq: number;
  time: string;
}

export interface Info {
  kind: "info";
  name: string;
}

/** A frame with which the relay ends the stream, such as FutureCursor or ConsumerTooSlow. */
export interface StreamError {
  kind: "error";
  error: string;
}

export type Frame = Commit | Account | OtherEvent | Info | StreamError;

/** Limits of the lexicon com.atproto.sync.subscribeRepos. */
const MAX_OPS = 200;
const MAX_BLOCKS_BYTES = 2_000_000;

const Seq = z.int().min(0);
const Time = z.iso.datetime({ offset: true }).refine(isStorable);
const Did = z.string().regex(/^did:[a-z]+:[a-zA-Z0-9._:%-]+$/).max(2048);
const Header = z.object({ op: z.union([z.literal(1), z.literal(-1)]), t: z.string().optional() });
const CommitBody = z.object({
  seq: Seq,
  time: Time,
  repo: Did,
  rev: z.string(),
  ops: z.array(z.object({
    action: z.enum(["create", "update", "delete"]),
    path: z.string().regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._:~-]+$/),
    cid: z.custom((value) => isCidLink(value)).nullable(),
  })).max(MAX_OPS),
  blocks: z.custom((value) => isBytes(value) && fromBytes(value).length <= MAX_BLOCKS_BYTES),
});
const AccountBody = z.object({
  seq: Seq,
  time: Time,
  did: Did,
  active: z.boolean(),
  status: z.string().optional(),
});
const OtherBody = z.object({ seq: Seq, time: Time });
const InfoBody = z.object({ name: z.string() });
const ErrorBody = z.object({ error: z.string() });

/**
 * Decode one binary frame of `com.atproto.sync.subscribeRepos`.
 *
 * Throws a `FrameError` where the bytes are no DAG-CBOR or the frame is not what the lexicon says.
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  const [header, rest] = decodeCbor(bytes, "header");
  const { op, t } = check(Header, header, "header");
  const [body, left] = decodeCbor(rest, "body");
  if (left.length > 0) throw new FrameError("bytes after the body");
  if (op === -1) return { kind: "error", error: check(ErrorBody, body, "error").error };
  switch (t) {
    case "#commit": {
      const { seq, time, repo, rev, ops, blocks } = check(CommitBody, body, t);
      return {
        kind: "commit",
        seq,
        time,
        did: repo,
        rev,
        ops: ops.map(({ action, path, cid }) => {
          const slash = path.indexOf("/");
          return {
            action,
            collection: path.slice(0, slash),
            rkey: path.slice(slash + 1),
            cid: cid === null ? null : toString(fromCidLink(cid as never)),
          };
        }),
        blocks: fromBytes(blocks as never),
      };
    }
    case "#account": {
      const { seq, time, did, active, status } = check(AccountBody, body, t);
      return { kind: "account", seq, time, did, active, status };
    }
    case "#info":
      return { kind: "info", name: check(InfoBody, body, t).name };
    case undefined:
      throw new FrameError("a message without a type");
    default:
      return { kind: "other", type: t, ...check(OtherBody, body, t) };
  }
}

/**
 * Give the decoded record with a CID from the CAR file of its commit.
 *
 * Throws a `FrameError` where the CAR is damaged, the block is missing, or its bytes do not hash to
 * the CID (sha2-256).
 */
export function recordOf(blocks: Uint8Array, cid: string): unknown {
  let block: Uint8Array | undefined;
  let digest: Uint8Array | undefined;
  try {
    for (const entry of fromUint8Array(blocks)) {
      if (toString(entry.cid) !== cid) continue;
      block = entry.bytes;
      digest = entry.cid.digest.contents;
      break;
    }
  } catch (cause) {
    throw new FrameError("the CAR file is damaged", { cause });
  }
  if (block === undefined || digest === undefined) {
    throw new FrameError("the record's block is missing");
  }
  if (!createHash("sha256").update(block).digest().equals(digest)) {
    throw new FrameError("the record's bytes do not match its CID");
  }
  const [record, left] = decodeCbor(block, "record");
  if (left.length > 0) throw new FrameError("bytes after the record");
  return record;
}

/** Tell whether a time lies in the years 1 to 9999 (UTC), which every table and partition holds. */
export function isStorable(time: string): boolean {
  const milliseconds = Date.parse(time);
  return milliseconds >= Date.parse("0001-01-01T00:00:00Z") &&
    milliseconds <= Date.parse("9999-12-31T23:59:59.999Z");
}

function decodeCbor(bytes: Uint8Array, what: string): [unknown, Uint8Array] {
  try {
    return decodeFirst(bytes);
  } catch (cause) {
    throw new FrameError(`the ${what} is not DAG-CBOR`, { cause });
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new FrameError(`${what}: ${issue.path.join(".") || "value"} is not what the lexicon says`);
}
