/** Text messages of Jetstream, version 2, and a relay's frames as such events. */
import { fromUint8Array } from "@atcute/car";
import { type CidLink, decode, decodeFirst, fromBytes, toCidLink } from "@atcute/cbor";
import type { Frame } from "../sample/frames.ts";

/** The lexicon that the demo's Jetstream serves. */
export const SUBSCRIBE_EVENTS = "network.bsky.jetstream.subscribeEvents";
/**
 * The number of the first event of the demo's Jetstream. It is far from a relay's numbers: a host
 * counts for itself.
 */
export const FIRST_EVENT_SEQ = 25_000_000_001;

/** A kind of events of the demo's Jetstream. */
export type EventKind = "commit" | "identity" | "account" | "sync";

/** An event of the demo's Jetstream. */
export interface JetstreamEvent {
  seq: number;
  /** When the host witnessed the event: ISO 8601, UTC, with six digits of a second. */
  time: string;
  kind: EventKind;
  did: string;
  /** Of a commit. */
  collection?: string;
  /** The message as it is sent. */
  text: string;
}

/** Write an `#info` message of the demo's Jetstream, such as `OutdatedCursor`. */
export function infoMessage(name: string, message: string): string {
  return messageText("info", { name, message });
}

/**
 * Write an error of the demo's Jetstream, such as `ConsumerTooSlow`, after which a host ends the
 * connection.
 */
export function errorMessage(error: string, message: string): string {
  return JSON.stringify({ $type: "error", error, message });
}

/** Write an event; `body` has the fields of its kind, and may replace any other. */
function jetstreamEvent(
  kind: EventKind,
  seq: number,
  time: string,
  did: string,
  body: Record<string, unknown>,
): JetstreamEvent {
  const witnessedAt = new Date(time).toISOString().replace("Z", "000Z");
  const text = messageText(kind, { seq, did, time: witnessedAt, witnessedAt, ...body });
  const { collection } = body as { collection?: string };
  return { seq, time: witnessedAt, kind, did, text, ...(collection && { collection }) };
}

/**
 * Give a relay's frames as the events that the demo's Jetstream makes of them, ascending by `seq` without gaps.
 *
 * A commit becomes one event for each of its ops, with the record as JSON; every other frame stands
 * within its event as the relay sent it.
 */
export function* jetstreamEvents(
  frames: Iterable<Frame>,
  first = FIRST_EVENT_SEQ,
): Generator<JetstreamEvent> {
  let seq = first;
  for (const { type, time, bytes } of frames) {
    const body = decode(decodeFirst(bytes)[1]) as Record<string, unknown>;
    if (type === "#commit") {
      for (const op of opsOf(body as unknown as CommitBody)) {
        yield jetstreamEvent("commit", seq++, time, body.repo as string, op);
      }
    } else {
      const kind = type.slice(1) as EventKind;
      yield jetstreamEvent(kind, seq++, time, body.did as string, { [kind]: body });
    }
  }
}

interface CommitBody {
  rev: string;
  blocks: Parameters<typeof fromBytes>[0];
  ops: { action: string; path: string; cid: CidLink | null }[];
}

function* opsOf({ rev, blocks, ops }: CommitBody): Generator<Record<string, unknown>> {
  const records = new Map<string, Uint8Array>();
  for (const { cid, bytes } of fromUint8Array(fromBytes(blocks))) {
    records.set(toCidLink(cid).$link, bytes);
  }
  for (const { action, path, cid } of ops) {
    const [collection, rkey] = path.split("/");
    const op = { rev, operation: action, collection, rkey };
    if (cid === null) yield op;
    else yield { ...op, record: decode(records.get(cid.$link)!), cid: cid.$link };
  }
}

function messageText(type: string, fields: Record<string, unknown>): string {
  const payload = { $type: `${SUBSCRIBE_EVENTS}#${type}`, ...fields };
  return JSON.stringify({ $type: "message", payload });
}
