import { XRPCError } from "@atproto/api";
import { partName } from "../store/part_name.ts";
import type { AppView } from "../atproto/appview.ts";
import { appViewError } from "../atproto/appview_error.ts";
import { feedPages } from "../atproto/feed.ts";
import { readPost, RecordError } from "../atproto/post.ts";
import type { PostView } from "../atproto/post_view.ts";
import { type CountsTaken, takeCounts } from "./counts.ts";
import { postsLine } from "../raw/journal_line.ts";
import { landLeftovers, landSegment } from "../raw/land.ts";
import { now } from "../run/clock.ts";
import { type Command, type Context, type Outcome } from "../command/command.ts";
import { describeError, EXIT, UserError } from "../run/error.ts";
import { baseUrl, positiveInteger } from "../run/option.ts";
import { MOST_POSTS } from "../study/study.ts";
import { Journal } from "../store/journal.ts";
import { toJson } from "../store/json.ts";
import { lock } from "../store/lock.ts";
import { Quarantine } from "../store/quarantine.ts";
import { openAppView } from "../atproto/study_appview.ts";

const SOURCE = "most_liked";
/** A feed that gives less than this share of the requested posts is a warning. */
const FEW = 0.5;

interface Options {
  feed?: string;
  limit?: number;
  appview?: string;
}

/** The task `sync:most-liked`. */
export const command: Command = {
  task: "sync:most-liked",
  description:
    "Collect the posts of a feed (app.bsky.feed.getFeed) with their ranks and current counts.\n\n" +
    "The default feed is the most-liked posts of the last 24 hours; study.yaml can name others.\n" +
    "Posts that a feed brought or that are labelled are counted again once they are 48 hours old.\n" +
    "They come from the table posts: run preprocess first, or none is due.",
  options: [
    { flags: "--feed <at-uri>", description: "feed generator (default: study.yaml)", parse: feed },
    {
      flags: "--limit <n>",
      description: "posts per feed (default: study.yaml)",
      parse: feedLength,
    },
    {
      flags: "--appview <url>",
      description: "AppView to ask (default: BLUESKY_APPVIEW, then study.yaml)",
      parse: baseUrl("https:", "http:"),
    },
    // It left out the feeds, which daily no longer does.
    { flags: "--counts-only", description: "", old: { notWith: [] } },
  ],
  examples: [
    "deno task sync:most-liked",
    "deno task sync:most-liked --limit 100",
  ],
  holdsFiles: false,
  run: collect,
};

async function collect(context: Context, options: Options): Promise<Outcome> {
  const { paths, database, study, signal } = context;
  const settings = study.sources.most_liked;
  const asked = options.limit ?? settings.limit;
  const appView = openAppView(context, options.appview);
  await using _lock = await lock(paths.locks(), `sync-${SOURCE}`, `run ${command.task}`);
  const { errors, posts } = await landLeftovers(database, paths, SOURCE);
  const quarantine = new Quarantine(paths, SOURCE);
  const summary = { host: appView.host, posts, asked, feeds: {} as Record<string, number> };
  for (const feed of options.feed ? [options.feed] : settings.feeds) {
    const journal = await Journal.create(paths.journal(SOURCE), partName());
    try {
      const got = await readFeed(context, appView, { feed, limit: asked, journal, quarantine });
      summary.feeds[feed] = got;
      if (got < asked * FEW && !signal.aborted) {
        context.warn(`the feed ${feed} gave ${got} posts instead of ${asked}`);
      }
    } catch (error) {
      if (error instanceof UserError && error.exitCode === EXIT.usage) throw error;
      errors.push(feedError(appView, feed, error));
    } finally {
      journal.close();
    }
    if (journal.bytes > 0) {
      summary.posts += (await landSegment(database, paths, SOURCE, journal.path)).posts;
    }
  }
  const taken = await takeCounts(context, appView, quarantine, settings.count_again);
  errors.push(...taken.errors);
  return {
    summary: { ...summary, counts: taken.counts, set_aside: quarantine.counts },
    text: describe(summary, taken.counts, quarantine.counts),
    stopped: signal.aborted,
    errors,
  };
}

interface Reading {
  feed: string;
  limit: number;
  journal: Journal;
  quarantine: Quarantine;
}

/** Read a feed into the journal, a page durable before the next, and give how many posts it gave. */
async function readFeed(
  { progress }: Context,
  appView: AppView,
  { feed, limit, journal, quarantine }: Reading,
): Promise<number> {
  const seen = new Set<string>();
  let rank = 0;
  for await (const page of feedPages(appView, feed, limit)) {
    const posts: Record<string, unknown>[] = [];
    for (const item of page) {
      rank++;
      if ("invalid" in item) {
        const where = { uri: item.uri, feed, rank, what: item.what };
        quarantine.add("invalid_item", where, toJson(item.invalid));
      } else if (!seen.has(item.uri)) {
        seen.add(item.uri);
        const post = readItem(item, feed, rank, quarantine);
        if (post) posts.push(post);
      }
    }
    journal.append(postsLine(posts, appView.host, now().toISOString()));
    await journal.commit();
    await quarantine.commit();
    progress.update(() => `${seen.size} of ${limit} posts of ${feed}`);
  }
  return seen.size;
}

function describe(
  { host, posts, feeds }: { host: string; posts: number; feeds: Record<string, number> },
  { due, counted, gone }: CountsTaken,
  setAside: Record<string, number>,
): string {
  return [
    `Collected ${posts} posts from ${host}`,
    ...Object.entries(feeds).map(([feed, posts]) => `  ${posts} of ${feed}`),
    `  counts at 48 hours: ${due} due, ${counted} counted, ${gone} gone`,
    `  set aside: ${
      Object.entries(setAside).map(([reason, n]) => `${reason} ${n}`).join(", ") || "nothing"
    }`,
  ].join("\n");
}

function readItem(
  item: PostView,
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

function feedLength(text: string): number {
  const value = positiveInteger(text);
  if (value > MOST_POSTS) throw new RangeError(`is more than ${MOST_POSTS}`);
  return value;
}

function feed(text: string): string {
  if (!/^at:\/\/did:[a-z]+:[^/]+\/app\.bsky\.feed\.generator\/[^/]+$/.test(text)) {
    throw new RangeError("is not the at:// URI of a feed generator");
  }
  return text;
}

function feedError(appView: AppView, feed: string, error: unknown): UserError {
  const name = error instanceof XRPCError ? error.error : "";
  const gone = name === "UnknownFeed" || name === "NotFound" ||
    /could not find feed/i.test(describeError(error));
  if (!gone) return appViewError(`read the feed ${feed}`, appView, error);
  return new UserError(
    `read the feed ${feed}`,
    `${appView.service} knows no such feed`,
    "Name another feed with --feed or in study.yaml",
    { exitCode: EXIT.failed, cause: error },
  );
}
