import { z } from "zod";
import { toJson } from "../store/json.ts";

export const POST_COLLECTION = "app.bsky.feed.post";

/** What a raw row takes from a record; columns as in the table `raw/<source>`. */
export interface PostRecord {
  created_at: string | null;
  text: string;
  langs: string[];
  reply_root_uri: string | null;
  reply_parent_uri: string | null;
  embed_kind: string | null;
  quoted_uri: string | null;
  external_title: string | null;
  external_description: string | null;
  external_url: string | null;
  image_alts: string[];
  hashtags: string[];
  links: string[];
  self_labels: string[];
  /** The whole record as JSON, with links and bytes as in DAG-JSON (`$link`, `$bytes`). */
  record: string;
}

/** Why a record cannot be a row. */
export class RecordError extends Error {
  override readonly name = "RecordError";
}

// A wrong optional part must not cost the post: it reads as absent, and `record` keeps what came.
const text = z.string().catch("");
const optional = z.string().nullable().catch(null).default(null);
const strings = z.array(z.unknown()).catch([]).default([])
  .transform((list) => list.filter((item) => typeof item === "string"));
const objects = z.array(z.unknown()).catch([]).default([])
  .transform((list) => list.filter((item) => typeof item === "object" && item !== null));
const ref = z.object({ uri: optional }).catch({ uri: null }).default({ uri: null });

const External = z.object({ uri: optional, title: optional, description: optional })
  .optional().catch(undefined);
const Media = z.object({ $type: text, images: objects, external: External });
const Embed = Media.extend({
  media: Media.optional().catch(undefined),
  record: z.union([z.object({ record: z.object({ uri: z.string() }) }), ref]).optional()
    .catch(undefined),
}).optional().catch(undefined);
const Feature = z.object({ $type: z.string(), uri: optional, tag: optional });

const Post = z.object({
  text: z.string(),
  createdAt: optional,
  langs: strings,
  tags: strings,
  reply: z.object({ root: ref, parent: ref }).optional().catch(undefined),
  embed: Embed,
  facets: objects,
  labels: z.object({ values: objects }).optional().catch(undefined),
});

/**
 * Read a decoded record as a post.
 *
 * Throws a `RecordError` where it is not an `app.bsky.feed.post`, has no text, or is nested too deeply
 * to write down; anything else that is wrong with it (a date that is none, a broken embed) reads as
 * absent.
 */
export function readPost(value: unknown): PostRecord {
  if (typeof value !== "object" || value === null) throw new RecordError("not_a_record");
  const type = (value as { $type?: unknown }).$type;
  if (type !== POST_COLLECTION) throw new RecordError("not_a_post");
  const result = Post.safeParse(value);
  if (!result.success) throw new RecordError("no_text");
  const post = result.data;
  const media = post.embed?.media ?? post.embed;
  const features = post.facets.flatMap((facet) => {
    const list = (facet as { features?: unknown }).features;
    return Array.isArray(list) ? list : [];
  }).map((feature) => Feature.safeParse(feature)).flatMap(({ data }) => data ? [data] : []);
  return {
    created_at: post.createdAt,
    text: post.text,
    langs: post.langs,
    reply_root_uri: post.reply?.root.uri ?? null,
    reply_parent_uri: post.reply?.parent.uri ?? null,
    embed_kind: post.embed ? post.embed.$type.replace("app.bsky.embed.", "") || null : null,
    quoted_uri: quotedUri(post.embed?.record),
    external_title: media?.external?.title ?? null,
    external_description: media?.external?.description ?? null,
    external_url: media?.external?.uri ?? null,
    image_alts: (media?.images ?? []).map((image) => text.parse((image as { alt?: unknown }).alt))
      .filter((alt) => alt !== ""),
    hashtags: [
      ...features.flatMap((feature) =>
        feature.$type === "app.bsky.richtext.facet#tag" && feature.tag ? [feature.tag] : []
      ),
      ...post.tags,
    ],
    links: features.flatMap((feature) =>
      feature.$type === "app.bsky.richtext.facet#link" && feature.uri ? [feature.uri] : []
    ),
    self_labels: (post.labels?.values ?? []).map((label) =>
      text.parse((label as { val?: unknown }).val)
    ).filter((label) => label !== ""),
    record: recordJson(value),
  };
}

function recordJson(record: object): string {
  try {
    return toJson(record);
  } catch (cause) {
    // The stack is exhausted: thousands of arrays within each other are no post of any client.
    if (!(cause instanceof RangeError)) throw cause;
    throw new RecordError("nested_too_deeply", { cause });
  }
}

function quotedUri(
  record: { record: { uri: string } } | { uri: string | null } | undefined,
): string | null {
  if (!record) return null;
  return "record" in record ? record.record.uri : record.uri;
}
