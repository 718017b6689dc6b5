import { FIREHOSE } from "../atproto/stream_decoder.ts";
import { LOOK_BACK_MS } from "../coverage/owed.ts";
import { streamCommand } from "../collect/stream_command.ts";

/** The task `sync:firehose`. */
export const command = streamCommand({
  task: "sync:firehose",
  description:
    "Collect posts and deletions from a relay's firehose (com.atproto.sync.subscribeRepos).\n\n" +
    "Without options the task collects what is owed: the hours that study.yaml asks for and that are\n" +
    "not collected yet, as far back as the relay replays (about 72 hours). Start it from cron every ten\n" +
    "minutes or once a day; each run does what is left. With options it collects by hand and continues\n" +
    "where the last run ended. You can stop it at any time: received events are kept.",
  source: "firehose",
  hostFlags: "--relay <url>",
  hostDescription: "relay to read (default: BLUESKY_RELAY, then study.yaml)",
  examples: [
    "deno task sync:firehose",
    "deno task sync:firehose --for 5m",
    "deno task sync:firehose --for 4h --relay wss://relay1.us-east.bsky.network",
  ],
  replayMs: LOOK_BACK_MS.firehose,
  settings: ({ sources }) => ({
    hosts: sources.firehose.relays,
    windows: sources.firehose.windows,
  }),
  hostVariable: "BLUESKY_RELAY",
  url: (host, cursor) =>
    `${host}/xrpc/com.atproto.sync.subscribeRepos${
      cursor === undefined ? "" : `?cursor=${cursor}`
    }`,
  decoder: FIREHOSE,
});
