import { subscribe } from "../atproto/subscription.ts";
import { Collector } from "../collector.ts";
import { landLeftovers, landSegment, lastCursor } from "../land.ts";
import { now } from "../run/clock.ts";
import { type Command, type Context, main, type Outcome } from "../run/command.ts";
import { UserError } from "../run/error.ts";
import { baseUrl, hours, instant, minutes, positiveInteger, urlVariable } from "../run/option.ts";
import { fillSegment, type SegmentEnd } from "../segment.ts";
import { Journal } from "../store/journal.ts";
import { lock } from "../store/lock.ts";
import { Quarantine } from "../store/quarantine.ts";
import { hashKey } from "../store/tombstone.ts";

const SOURCE = "firehose";
/** With `--until` in the past, a stream that is silent for so long has no more events. */
const QUIET_MS = 10_000;

interface Options {
  hours?: number;
  minutes?: number;
  limit?: number;
  until?: Date;
  relay?: string;
}

export const command: Command = {
  task: "sync:firehose",
  description: "Collect posts from a relay's firehose (com.atproto.sync.subscribeRepos).\n\n" +
    "Goes on where the last run ended, as far back as the relay replays (about 72 hours).\n" +
    "Interrupt it at any time: what was received is landed, and the next run goes on there.",
  options: [
    { flags: "--minutes <n>", description: "stop after n minutes", parse: minutes },
    { flags: "--hours <n>", description: "stop after n hours", parse: hours },
    { flags: "--limit <n>", description: "stop after n posts", parse: positiveInteger },
    { flags: "--until <instant>", description: "stop at events of this time", parse: instant },
    {
      flags: "--relay <url>",
      description: "relay to read (default: BLUESKY_RELAY, then study.yaml)",
      parse: baseUrl("wss:", "ws:"),
    },
  ],
  examples: [
    "deno task sync:firehose --minutes 5",
    "deno task sync:firehose --hours 4 --relay wss://relay1.us-east.bsky.network",
  ],
  run: collect,
};

async function collect(context: Context, options: Options): Promise<Outcome> {
  const { paths, database, progress } = context;
  const relay = options.relay ?? urlVariable("BLUESKY_RELAY", "wss:", "ws:") ??
    context.study.sources.firehose.relay;
  const host = new URL(relay).host;
  await using _lock = await lock(paths.locks(), `sync-${SOURCE}`, `run ${command.task}`);
  const { errors, ...landed } = await landLeftovers(database, paths, SOURCE);
  const quarantine = new Quarantine(paths, SOURCE);
  const collector = new Collector({
    host,
    cursor: await lastCursor(database, paths, SOURCE, host),
    hashKey: await hashKey(paths),
    quarantine,
    until: options.until,
  });
  const end = new AbortController();
  const clock = new Deadline(options, end);
  const started = performance.now();
  let reconnects = 0;
  const messages = subscribe({
    url: () => {
      const cursor = collector.cursor === undefined ? "" : `?cursor=${collector.cursor}`;
      return `${relay.replace(/\/+$/, "")}/xrpc/com.atproto.sync.subscribeRepos${cursor}`;
    },
    signal: AbortSignal.any([context.signal, end.signal]),
    onReconnect(seconds, reason) {
      reconnects++;
      collector.reconnected();
      progress.say(`${reason}; waiting ${seconds.toFixed(0)} s before connecting again`);
    },
  });
  try {
    for (let number = 1, state: SegmentEnd = "full"; state !== "done"; number++) {
      const journal = await Journal.create(paths.journal(SOURCE), segmentName(host, number));
      try {
        state = await fillSegment(journal, {
          messages,
          collector,
          quarantine,
          limit: options.limit,
          onMessage() {
            clock.heard();
            progress.update(() => progressLine(collector, started));
          },
          stop: () => end.abort(),
        });
      } finally {
        journal.close();
      }
      if (journal.bytes > 0) {
        const { posts, tombstones } = await landSegment(database, paths, SOURCE, journal.path);
        landed.posts += posts;
        landed.tombstones += tombstones;
      }
      if (typeof state === "object") throw streamEnded(relay, state.error);
    }
  } finally {
    clock.stop();
    await messages.return();
  }
  const seconds = (performance.now() - started) / 1000;
  const summary = {
    host,
    posts: landed.posts,
    deletions: landed.tombstones,
    events: collector.events,
    megabytes: Math.round(collector.bytes / 1e5) / 10,
    repeated: collector.repeated,
    reconnects,
    set_aside: quarantine.counts,
    last_event: collector.eventTime ?? null,
    seconds: Math.round(seconds * 10) / 10,
  };
  return { summary, text: describe(summary), stopped: context.signal.aborted, errors };
}

/** Ends a run when its time is up, or when the stream has nothing more from before `until`. */
class Deadline {
  #timers: ReturnType<typeof setTimeout>[] = [];
  #heard = performance.now();

  constructor(options: Options, end: AbortController) {
    const minutes = options.minutes ??
      (options.hours === undefined ? undefined : options.hours * 60);
    if (minutes !== undefined) this.#timers.push(setTimeout(() => end.abort(), minutes * 60_000));
    const { until } = options;
    if (until === undefined) return;
    this.#timers.push(setInterval(() => {
      const quiet = performance.now() - this.#heard > QUIET_MS;
      if (quiet && now().getTime() > until.getTime() + QUIET_MS) end.abort();
    }, 1000));
  }

  heard(): void {
    this.#heard = performance.now();
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

function segmentName(host: string, number: number): string {
  const stamp = now().toISOString().replace(/[-:.]/g, "");
  const id = crypto.randomUUID().slice(0, 8);
  return `${stamp}-${host.replace(/[^\w.-]/g, "_")}-${id}-${String(number).padStart(4, "0")}`;
}

function streamEnded(relay: string, error: string): UserError {
  const remedy = error === "FutureCursor"
    ? "The relay was reset or replaced: name another one with --relay, or wait until it is back"
    : "Run the task again; it goes on where this run ended";
  return new UserError(`read ${relay}`, `the relay ended the stream with ${error}`, remedy);
}

function progressLine(collector: Collector, started: number): string {
  const seconds = (performance.now() - started) / 1000;
  const lag = collector.eventTime ? (now().getTime() - Date.parse(collector.eventTime)) / 1000 : 0;
  return `${collector.posts} posts (${(collector.posts / seconds).toFixed(0)}/s), ` +
    `${(collector.events / seconds).toFixed(0)} events/s, ` +
    `${(collector.bytes / 1e6).toFixed(0)} MB, ${lag.toFixed(0)} s behind`;
}

function describe(
  summary: Record<string, unknown> & { set_aside: Record<string, number> },
): string {
  const aside = Object.entries(summary.set_aside).map(([reason, n]) => `${reason} ${n}`).join(", ");
  return [
    `Collected ${summary.posts} posts and ${summary.deletions} deletions from ${summary.host}`,
    `  ${summary.events} events, ${summary.megabytes} MB in ${summary.seconds} s, ` +
    `${summary.reconnects} reconnects, ${summary.repeated} repeated events left out`,
    `  set aside: ${aside || "nothing"}`,
    `  last event: ${summary.last_event ?? "none"}`,
  ].join("\n");
}

if (import.meta.main) await main(command);
