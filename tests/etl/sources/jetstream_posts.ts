/** Posts a second apart, as events of both versions of Jetstream. */
import { type JetstreamEvent, SUBSCRIBE_EVENTS } from "../../../demo/network/jetstream_event.ts";
import { type V1Event, v1Event } from "./jetstream_v1_host.ts";

const DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
const CID = "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi";
/** The microsecond of the first one. */
export const START = Date.parse("2026-06-01T08:00:00Z") * 1000;

/** Write the commit of a post, by default one a second. */
export function post(index: number, time_us = START + index * 1_000_000): V1Event {
  const digits = [...index.toString(32).padStart(3, "0")]
    .map((digit) => "234567abcdefghijklmnopqrstuvwxyz"[parseInt(digit, 32)]).join("");
  const rkey = `3l3qo2vuo${digits}b`;
  const createdAt = new Date(time_us / 1000).toISOString();
  const record = { $type: "app.bsky.feed.post", text: `post ${index}`, createdAt };
  const commit = { rev: rkey, operation: "create", collection: "app.bsky.feed.post", rkey };
  return v1Event(time_us, DID, "commit", { ...commit, cid: CID, record });
}

/** Give events of version 1 as a host of version 2 sends them. */
export function v2Events(events: V1Event[]): JetstreamEvent[] {
  return events.map(({ time_us, text }, index) => {
    const { commit } = JSON.parse(text);
    const [seq, time] = [index + 1, new Date(time_us / 1000).toISOString()];
    const place = { seq, did: DID, time, witnessedAt: time };
    const payload = { $type: `${SUBSCRIBE_EVENTS}#commit`, ...place, ...commit };
    const message = JSON.stringify({ $type: "message", payload });
    return { seq, time, kind: "commit", did: DID, collection: commit.collection, text: message };
  });
}
