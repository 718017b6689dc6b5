/** Binary messages of `com.atproto.sync.subscribeRepos`, and the sample as a stream of them. */
import { encode, toBytes } from "@atcute/cbor";
import { type Commit, type Head, Repository } from "./repository.ts";
import type { Sample } from "./sample.ts";

/** The sequence number of the sample's first frame. */
export const FIRST_SEQ = 4_000_000_001;

/** The types of the sample's frames. */
export type FrameType = "#commit" | "#sync" | "#identity" | "#account";

/** A frame of the sample's firehose, with what it is about. */
export interface Frame {
  seq: number;
  /** ISO 8601, UTC. */
  time: string;
  type: FrameType;
  bytes: Uint8Array<ArrayBuffer>;
  /** The id in the sample of the post that the frame creates, updates or deletes. */
  post?: string;
}

/** Encode a message as the two DAG-CBOR items of the event stream: header and body. */
export function encodeFrame(header: object, body: object): Uint8Array<ArrayBuffer> {
  const [head, rest] = [encode(header), encode(body)];
  const bytes = new Uint8Array(head.length + rest.length);
  bytes.set(head);
  bytes.set(rest, head.length);
  return bytes;
}

/** Encode an error, such as `FutureCursor`, after which a relay closes the connection. */
export function errorFrame(error: string, message: string): Uint8Array<ArrayBuffer> {
  return encodeFrame({ op: -1 }, { error, message });
}

/** Encode an `#info` message, such as `OutdatedCursor`. */
export function infoFrame(name: string, message: string): Uint8Array<ArrayBuffer> {
  return encodeFrame({ op: 1, t: "#info" }, { name, message });
}

/** Encode a `#commit` message; `changes` replace fields of the body, to make malformed ones. */
export function commitFrame(
  seq: number,
  time: string,
  { repo, rev, since, commit, prevData, ops, car }: Commit,
  changes: Record<string, unknown> = {},
): Frame {
  const body = {
    seq,
    time,
    rebase: false,
    tooBig: false,
    repo,
    commit,
    rev,
    since,
    blocks: toBytes(car),
    ops,
    blobs: [],
    ...(prevData && { prevData }),
    ...changes,
  };
  return { seq, time, type: "#commit", bytes: encodeFrame({ op: 1, t: "#commit" }, body) };
}

/** Encode a `#sync` message, which carries the last commit alone. */
export function syncFrame(seq: number, time: string, { repo, rev, car }: Head): Frame {
  return eventFrame("#sync", seq, time, { did: repo, blocks: toBytes(car), rev });
}

/** Encode an `#identity` message. */
export function identityFrame(seq: number, time: string, did: string, handle: string): Frame {
  return eventFrame("#identity", seq, time, { did, handle });
}

/** Encode an `#account` message: active without a status, removed with one. */
export function accountFrame(seq: number, time: string, did: string, status?: string): Frame {
  const state = status === undefined ? { active: true } : { active: false, status };
  return eventFrame("#account", seq, time, { did, ...state });
}

function eventFrame(type: FrameType, seq: number, time: string, rest: object): Frame {
  return { seq, time, type, bytes: encodeFrame({ op: 1, t: type }, { seq, time, ...rest }) };
}

/**
 * Stream a sample as a relay would have emitted it, ascending by `seq` and time.
 *
 * The same sample gives the same bytes. `seq` counts from `FIRST_SEQ` without gaps; the last frames
 * are no posts and later than the last day. Repositories begin before the stream with a
 * profile, so every `#commit` has `since` and `prevData`.
 */
export async function* sampleFrames(sample: Sample): AsyncGenerator<Frame> {
  // Loaded when it is needed, as the library of the records takes .2 s.
  const { accountsOf, activitiesOf } = await import("./activity.ts");
  const activities = activitiesOf(sample);
  const repositories = new Map<string, Repository>();
  for (const account of accountsOf(sample)) {
    const repository = new Repository(account);
    const record = { $type: "app.bsky.actor.profile", displayName: account.id };
    const path = "app.bsky.actor.profile/self";
    const before = activities[0]!.time - 86_400_000;
    await repository.commit([{ action: "create", path, record }], before);
    repositories.set(account.id, repository);
  }
  let seq = FIRST_SEQ;
  for (const activity of activities) {
    const { did, handle, id } = activity.account;
    const time = new Date(activity.time).toISOString();
    const repository = repositories.get(id)!;
    switch (activity.kind) {
      case "identity":
        yield identityFrame(seq, time, did, handle);
        break;
      case "account":
        yield accountFrame(seq, time, did, activity.status);
        break;
      case "sync":
        yield syncFrame(seq, time, await repository.head());
        break;
      case "commit": {
        const commit = await repository.commit(activity.writes, activity.time);
        const frame = commitFrame(seq, time, commit);
        yield activity.post ? { ...frame, post: activity.post.post.id } : frame;
      }
    }
    seq++;
  }
}
