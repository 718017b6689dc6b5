/** The demo's sample as a relay streams it, and the rows that it must become. */
import { createHash } from "node:crypto";
import { decodeFirst } from "@atcute/cbor";
import { type Frame, sampleFrames } from "../../../demo/sample/frames.ts";
import { type PublishedPost, publishedPosts } from "../../../demo/sample/published_post.ts";
import { readSample, type Sample } from "../../../demo/sample/sample.ts";

/** The end of the sample's last day: the stream goes on. */
export const END = "2026-06-08T00:00:00.000Z";

export interface SampleStream {
  sample: Sample;
  posts: PublishedPost[];
  frames: Frame[];
}

/** Stream a sample, the demo's by default. */
export async function sampleStream(sample: Sample = readSample()): Promise<SampleStream> {
  return {
    sample,
    posts: publishedPosts(sample),
    frames: await Array.fromAsync(sampleFrames(sample)),
  };
}

/** Give the frames before the end of the last day. */
export function untilEnd({ frames }: SampleStream): Frame[] {
  return frames.filter(({ time }) => time < END);
}

/**
 * Give the time of the stream at each frame, where it is read from its first frame on.
 *
 * The first four have no time before the fifth proves one; the last three prove nothing themselves.
 */
export function streamTimes(frames: Frame[], isAtEnd: boolean): string[] {
  const times = frames.map(({ time }) => time);
  times.fill(times[4]!, 0, 4);
  if (isAtEnd) times.fill(times.at(-4)!, -3);
  return times;
}

/** Decode the body of a frame with the library alone. */
// deno-lint-ignore no-explicit-any
export function bodyOf({ bytes }: { bytes: Uint8Array }): any {
  const [, rest] = decodeFirst(bytes);
  return decodeFirst(rest)[0];
}

/** Give the raw rows that the frames bring, in their order; `record` is parsed, times are ISO 8601. */
export function expectedRows({ posts, frames }: SampleStream): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  const byId = new Map(posts.map((published) => [published.post.id, published]));
  for (const frame of frames) {
    const published = byId.get(frame.post ?? "");
    if (published === undefined) continue;
    const body = bodyOf(frame);
    const version = published.versions.find(({ cid }) => cid === body.ops[0].cid?.$link);
    if (version === undefined) continue;
    rows.push({
      uri: published.uri,
      cid: version.cid,
      did: published.account.did,
      rkey: published.rkey,
      rev: body.rev,
      cursor: frame.seq,
      event_time: frame.time,
      ...contentOf(version.record),
    });
  }
  return rows;
}

/** Give the columns that come from the record, read from the type that the demo writes. */
function contentOf(record: PublishedPost["versions"][number]["record"]) {
  const { embed } = record;
  const media = embed && "media" in embed ? embed.media : embed;
  const features = (record.facets ?? []).flatMap((facet) => facet.features);
  const external = media?.$type === "app.bsky.embed.external" ? media.external : undefined;
  return {
    created_at: record.createdAt,
    text: record.text,
    langs: record.langs ?? [],
    reply_root_uri: record.reply?.root.uri ?? null,
    reply_parent_uri: record.reply?.parent.uri ?? null,
    embed_kind: embed ? embed.$type.slice("app.bsky.embed.".length) : null,
    quoted_uri: quotedUri(embed),
    external_title: external?.title ?? null,
    external_description: external?.description ?? null,
    external_url: external?.uri ?? null,
    image_alts: media?.$type === "app.bsky.embed.images"
      ? media.images.map(({ alt }) => alt).filter((alt) => alt !== "")
      : [],
    hashtags: [...features.flatMap((f) => "tag" in f ? [f.tag] : []), ...record.tags ?? []],
    links: features.flatMap((f) => "uri" in f ? [f.uri] : []),
    self_labels: record.labels?.values.map(({ val }) => val) ?? [],
    record: JSON.parse(JSON.stringify(record)),
  };
}

function quotedUri(embed: PublishedPost["versions"][number]["record"]["embed"]): string | null {
  if (embed?.$type === "app.bsky.embed.record") return embed.record.uri;
  if (embed?.$type === "app.bsky.embed.recordWithMedia") return embed.record.record.uri;
  return null;
}

/** Give the tombstones that the frames bring: a hash under the key, kind, reason and cursor. */
export function expectedTombstones({ posts, frames }: SampleStream, key: string) {
  const hash = (subject: string) => createHash("sha256").update(`${key}:${subject}`).digest("hex");
  const byId = new Map(posts.map((published) => [published.post.id, published]));
  return frames.flatMap((frame) => {
    const body = bodyOf(frame);
    const at = { event_time: frame.time, cursor: frame.seq };
    if (frame.type === "#account") {
      const subject_hash = hash(body.did);
      const reason = body.active ? "active" : body.status;
      return [{ subject_hash, subject_kind: "account", reason, ...at }];
    }
    if (frame.post === undefined || body.ops[0].action !== "delete") return [];
    const subject_hash = hash(byId.get(frame.post)!.uri);
    return [{ subject_hash, subject_kind: "post", reason: "deleted", ...at }];
  });
}
