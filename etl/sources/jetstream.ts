import { JETSTREAM, SUBSCRIBE_EVENTS } from "../atproto/jetstream_event.ts";
import { JETSTREAM_V1, SUBSCRIBE } from "../atproto/jetstream_v1.ts";
import { POST_COLLECTION } from "../atproto/post.ts";
import { LOOK_BACK_MS } from "../coverage/owed.ts";
import { streamCommand } from "../collect/stream_command.ts";
import { JETSTREAM_V1_NOTE } from "../raw/journal_line.ts";

/** Posts, and what happens to accounts; #sync for the coverage notes. */
const ASKED = [
  ["collections", POST_COLLECTION],
  ["kinds", "commit"],
  ["kinds", "account"],
  ["kinds", "sync"],
];

/** Cursors that are microseconds since 1970. */
const timeCursor = (time: Date) => time.getTime() * 1000;

/** The task `sync:jetstream`. */
export const command = streamCommand({
  task: "sync:jetstream",
  description:
    "Collect posts and deletions from Jetstream, which sends only the requested records, as JSON.\n\n" +
    "Jetstream takes a fraction of the firehose's bandwidth, but its records cannot be verified. Hosts of\n" +
    "version 1 are read too; they number nothing, so that losses in their stream cannot be seen. Without\n" +
    "options the task collects what is owed: the hours that study.yaml asks for and that are not\n" +
    "collected yet, as far back as the host replays (36 hours). Start it from cron every ten minutes or\n" +
    "once a day; each run does what is left. You can stop it at any time: received events are kept.",
  source: "jetstream",
  hostFlags: "--server <url>",
  hostDescription: "host to read (default: BLUESKY_JETSTREAM, then study.yaml)",
  examples: ["deno task sync:jetstream", "deno task sync:jetstream --for 5m"],
  replayMs: LOOK_BACK_MS.jetstream,
  settings: ({ sources }) => ({
    hosts: sources.jetstream.servers,
    windows: sources.jetstream.windows,
  }),
  hostVariable: "BLUESKY_JETSTREAM",
  url(host, cursor) {
    const query = new URLSearchParams(ASKED);
    // Inclusive: the event at the cursor comes again and is left out as a repetition.
    if (cursor !== undefined) query.set("cursor", String(cursor));
    return `${host}/xrpc/${SUBSCRIBE_EVENTS}?${query}`;
  },
  decoder: JETSTREAM,
  isFiltered: true,
  // Cursors from 1e15 on are microseconds.
  timeCursor,
  older: {
    url(host, cursor) {
      // Events of accounts come unasked.
      const query = new URLSearchParams({ wantedCollections: POST_COLLECTION });
      if (cursor !== undefined) query.set("cursor", String(cursor));
      return `${host}${SUBSCRIBE}?${query}`;
    },
    decoder: JETSTREAM_V1,
    timeCursor,
    isTimed: true,
    note: JETSTREAM_V1_NOTE,
  },
});
