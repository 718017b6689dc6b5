/** Events of the invented network, in order: the sample's posts and the noise between them. */
import { create as createTid } from "@atcute/tid";
import { type Account, accountOf } from "./account.ts";
import {
  minuteTime,
  POST,
  type PublishedPost,
  publishedPosts,
  versionAt,
} from "./published_post.ts";
import type { Write } from "./repository.ts";
import { type Sample, SAMPLE_DAYS, type SampleAuthor } from "./sample.ts";

/** One thing that a relay would emit a message about; `time` in milliseconds since 1970. */
export type Activity =
  & { time: number; account: Account; post?: PublishedPost }
  & (
    | { kind: "commit"; writes: Write[] }
    | { kind: "sync" }
    | { kind: "identity" }
    | { kind: "account"; status?: NonNullable<SampleAuthor["removed"]>["status"] }
  );

/** About one event in five is a post on the real network. */
const NOISE_PER_POST = 4;
/** No noise comes between posts that lie nearer to each other. */
const SHORTEST_MS = 60_000;
/** The longest time without any event. */
const LONGEST_SILENCE_MS = 2 * 3_600_000;
/** Events after the last day: a relay goes on, and one event proves no time. */
const EVENTS_AFTER = 24;
const START = Date.parse(`${SAMPLE_DAYS[0]}T00:00:00Z`);
/** Five seconds after the last day, so that a consumer sees that the day is over. */
const END = Date.parse(`${SAMPLE_DAYS.at(-1)}T00:00:05Z`) + 86_400_000;

/** List everyone with a repository: the sample's authors and twenty readers who never post. */
export function accountsOf(sample: Sample): Account[] {
  const readers = Array.from({ length: 20 }, (_, i) => `reader${i + 1}`);
  return [...sample.authors.map(({ id }) => id), ...readers].map(accountOf);
}

/** List what happens from the first day until some hours after the last, ascending by time. */
export function activitiesOf(sample: Sample): Activity[] {
  const posts = publishedPosts(sample);
  const removals = sample.authors.filter(({ removed }) => removed).map(({ id, removed }) => ({
    kind: "account" as const,
    time: minuteTime(removed!.at),
    account: accountOf(id),
    status: removed!.status,
  }));
  const activities = [...posts.flatMap(lifeOf), ...removals, ...noiseBetween(posts, sample)];
  return activities.sort((a, b) => a.time - b.time);
}

function lifeOf(post: PublishedPost): Activity[] {
  const path = `${POST}/${post.rkey}`;
  const commit = (time: number, write: Write): Activity => ({
    kind: "commit",
    time,
    account: post.account,
    post,
    writes: [write],
  });
  const life = post.versions.map(({ time, record }, i) =>
    commit(time, { action: i === 0 ? "create" : "update", path, record })
  );
  if (post.deletedAt < post.removedAt) {
    life.push(commit(post.deletedAt, { action: "delete", path }));
  }
  return life;
}

function noiseBetween(posts: PublishedPost[], sample: Sample): Activity[] {
  const removed = new Set(sample.authors.filter((a) => a.removed).map(({ id }) => id));
  const accounts = accountsOf(sample).filter(({ id }) => !removed.has(id));
  const times = posts.flatMap(({ time }, i) => spread(posts[i - 1]?.time ?? START, time));
  times.push(...spread(posts.at(-1)?.time ?? START, END));
  const step = END - times.at(-1)!;
  times.push(...Array.from({ length: EVENTS_AFTER }, (_, i) => END + i * step));
  const random = randomNumbers();
  const likes = new Map<string, string>();
  return times.map((time, n): Activity => {
    const account = accounts[random(accounts.length)]!;
    const likedPath = likes.get(account.id);
    if (time >= END) {
      return { kind: "account", time, account };
    }
    if (n % 40 === 7) return { kind: "identity", time, account };
    if (n % 40 === 17) return { kind: "account", time, account };
    if (n % 40 === 27) return { kind: "sync", time, account };
    if (n % 20 === 13 && likedPath) {
      likes.delete(account.id);
      return { kind: "commit", time, account, writes: [{ action: "delete", path: likedPath }] };
    }
    const subject = livePost(posts, time, random);
    const choice = random(20);
    if (subject === undefined || choice < 3) {
      const other = accounts[random(accounts.length)]!;
      return { kind: "commit", time, account, writes: [follow(time, other)] };
    }
    const write = record(choice < 6 ? "app.bsky.feed.repost" : "app.bsky.feed.like", time, subject);
    if (choice >= 6) likes.set(account.id, write.path);
    return { kind: "commit", time, account, writes: [write] };
  });
}

function spread(from: number, to: number): number[] {
  if (to - from < SHORTEST_MS) return [];
  const length = Math.max(NOISE_PER_POST, Math.floor((to - from) / LONGEST_SILENCE_MS));
  const step = (to - from) / (length + 1);
  return Array.from({ length }, (_, i) => Math.floor(from + step * (i + 1)));
}

function livePost(posts: PublishedPost[], time: number, random: (below: number) => number) {
  const written = posts.findLastIndex((post) => post.time < time) + 1;
  if (written === 0) return undefined;
  const post = posts[random(written)]!;
  const version = versionAt(post, time);
  return version && { uri: post.uri, cid: version.cid };
}

function follow(time: number, { did }: Account): Write {
  return record("app.bsky.graph.follow", time, did);
}

function record(collection: string, time: number, subject: unknown): Write & { action: "create" } {
  return {
    action: "create",
    path: `${collection}/${createTid(time * 1000, 1)}`,
    record: { $type: collection, subject, createdAt: new Date(time).toISOString() },
  };
}

/** A linear congruential generator: the noise must be the same every time. */
function randomNumbers(): (below: number) => number {
  let state = 20260601;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}
