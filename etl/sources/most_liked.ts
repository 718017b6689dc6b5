import { XRPCError } from "@atproto/api";
import { type FeedItem, feedPages } from "../atproto/feed.ts";
import { readPost, RecordError } from "../atproto/post.ts";
import type { JournalLine } from "../journal_line.ts";
import { landLeftovers, landSegment } from "../land.ts";
import { now } from "../run/clock.ts";
import { type Command, type Context, main, type Outcome } from "../run/command.ts";
import { describeError, EXIT, UserError } from "../run/error.ts";
import { baseUrl, positiveInteger, urlVariable } from "../run/option.ts";
import { Journal } from "../store/journal.ts";
import { toJson } from "../store/json.ts";
import { lock } from "../store/lock.ts";
import { Quarantine } from "../store/quarantine.ts";

const SOURCE = "most_liked";
/** A feed that gives less than this share of what was asked for is worth a warning. */
const FEW = 0.5;

interface Options {
  feed?: string;
  limit?: number;
  appview?: string;
}

export const command: Command = {
  task: "sync:most-liked",
  description:
    "Collect the posts of a feed (app.bsky.feed.getFeed), with rank and counts of this moment.\n\n" +
    "The study's feeds are the most-liked posts of the last 24 hours unless study.yaml says otherwise.",
  options: [
    { flags: "--feed <at-uri>", description: "feed generator (default: study.yaml)", parse: feed },
    {
      flags: "--limit <n>",
      description: "posts a feed (default: study.yaml)",
      parse: positiveInteger,
    },
    {
      flags: "--appview <url>",
      description: "AppView to ask (default: BLUESKY_APPVIEW, then study.yaml)",
      parse: baseUrl("https:", "http:"),
    },
  ],
  examples: ["deno task sync:most-liked", "deno task sync:most-liked --limit 100"],
  run: collect,
};

async function collect(context: Context, options: Options): Promise<Outcome> {
  const { paths, database, study, progress, signal } = context;
  const settings = study.sources.most_liked;
  const service = options.appview ?? urlVariable("BLUESKY_APPVIEW", "https:", "http:") ??
    settings.appview;
  const limit = options.limit ?? settings.limit;
  await using _lock = await lock(paths.locks(), `sync-${SOURCE}`, `run ${command.task}`);
  const { errors, ...landed } = await landLeftovers(database, paths, SOURCE);
  const quarantine = new Quarantine(paths, SOURCE);
  const feeds: Record<string, number> = {};
  for (const feed of options.feed ? [options.feed] : settings.feeds) {
    const journal = await Journal.create(paths.journal(SOURCE), segmentName());
    let rank = 0;
    try {
      const seen = new Set<string>();
      const wait = (seconds: number, reason: string) =>
        progress.say(`${reason}; waiting ${seconds.toFixed(0)} s`);
      for await (const page of feedPages(service, feed, limit, signal, wait)) {
        const posts: Record<string, unknown>[] = [];
        for (const item of page) {
          rank++;
          if ("invalid" in item) {
            quarantine.add("invalid_item", { feed, rank, what: item.what }, toJson(item.invalid));
          } else if (!seen.has(item.uri)) {
            seen.add(item.uri);
            const post = readItem(item, feed, rank, quarantine);
            if (post) posts.push(post);
          }
        }
        journal.append(pageLine(new URL(service).host, posts));
        await journal.commit();
        await quarantine.commit();
        progress.update(() => `${seen.size} of ${limit} posts of ${feed}`);
      }
      feeds[feed] = seen.size;
    } catch (error) {
      errors.push(feedError(service, feed, error));
    } finally {
      journal.close();
    }
    if (journal.bytes > 0) {
      landed.posts += (await landSegment(database, paths, SOURCE, journal.path)).posts;
    }
    const got = feeds[feed];
    if (got !== undefined && got < limit * FEW && !signal.aborted) {
      context.warn(`the feed ${feed} gave ${got} posts where ${limit} were asked for`);
    }
  }
  const summary = {
    host: new URL(service).host,
    posts: landed.posts,
    feeds,
    set_aside: quarantine.counts,
  };
  const text = [
    `Collected ${summary.posts} posts from ${summary.host}`,
    ...Object.entries(feeds).map(([feed, posts]) => `  ${posts} of ${feed}`),
    `  set aside: ${
      Object.entries(quarantine.counts).map(([reason, n]) => `${reason} ${n}`).join(", ") ||
      "nothing"
    }`,
  ].join("\n");
  return { summary, text, stopped: signal.aborted, errors };
}

function readItem(
  item: FeedItem,
  feed: string,
  rank: number,
  quarantine: Quarantine,
): Record<string, unknown> | undefined {
  const { record, indexed_at, ...columns } = item;
  try {
    return { ...columns, ...readPost(record), event_time: indexed_at, feed, rank };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    quarantine.add(error.message, { uri: item.uri, feed, rank }, toJson(record));
    return undefined;
  }
}

function pageLine(host: string, posts: Record<string, unknown>[]) {
  const time = now().toISOString();
  return {
    host,
    cursor: null,
    event_time: time,
    seen_at: time,
    events: posts.length,
    bytes: 0,
    reconnects: 0,
    notes: [],
    posts,
    tombstones: [],
  } satisfies JournalLine;
}

function segmentName(): string {
  const stamp = now().toISOString().replace(/[-:.]/g, "");
  return `${stamp}-${crypto.randomUUID().slice(0, 8)}`;
}

function feed(text: string): string {
  if (!/^at:\/\/did:[a-z]+:[^/]+\/app\.bsky\.feed\.generator\/[^/]+$/.test(text)) {
    throw new RangeError("is not the at:// URI of a feed generator");
  }
  return text;
}

function feedError(service: string, feed: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  const name = error instanceof XRPCError ? error.error : "";
  const gone = name === "UnknownFeed" || name === "NotFound" ||
    /could not find feed/i.test(describeError(error));
  return new UserError(
    `read the feed ${feed}`,
    gone ? `${service} knows no such feed` : `${service}: ${describeError(error)}`,
    gone
      ? "Name another feed with --feed or in study.yaml"
      : "Check the address (BLUESKY_APPVIEW or --appview) and the network, then run the task again",
    { exitCode: EXIT.failed, cause: error },
  );
}

if (import.meta.main) await main(command);
