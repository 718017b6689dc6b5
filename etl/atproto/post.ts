import { toJson } from "../store/json.ts";

/** The collection of posts. */
export const POST_COLLECTION = "app.bsky.feed.post";
/** The month in which the first posts of Bluesky were written; nobody can have written one before. */
export const FIRST_MONTH = Date.parse("2022-11-01T00:00:00Z");
/** Uris that an AppView can look up; an invalid uri would fail its whole request. */
export const POST_URI = "at://did:[a-z]+:[\\w.:%-]+/app\\.bsky\\.feed\\.post/[\\w.~:-]{1,512}";

/**
 * What a record of the AT Protocol says of its post: a part of a raw row; columns as in the table
 * `raw/<source>`.
 */
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

/** Why a record cannot become a row. */
export class RecordError extends Error {
  override readonly name = "RecordError";
}

/** Levels that a record may nest; implementations of the protocol recommend 32. */
const MAX_DEPTH = 128;

const TAG = "app.bsky.richtext.facet#tag";
const LINK = "app.bsky.richtext.facet#link";
const EMBED = "app.bsky.embed.";

type Fields = Record<string, unknown>;
const NONE: unknown[] = [];

/**
 * Read a decoded record as a post.
 *
 * Throws a `RecordError` where it is not an `app.bsky.feed.post`, has no text, or is nested too deeply
 * to write down. Any other error (an invalid date, a broken embed) reads as
 * absent, and `record` keeps the original.
 */
export function readPost(value: unknown): PostRecord {
  if (typeof value !== "object" || value === null) throw new RecordError("not_a_record");
  const post = value as Fields;
  if (post.$type !== POST_COLLECTION) throw new RecordError("not_a_post");
  if (typeof post.text !== "string") throw new RecordError("no_text");
  if (!nestsWithin(value, MAX_DEPTH)) throw new RecordError("nested_too_deeply");
  const reply = fields(post.reply);
  const embed = fields(post.embed);
  const media = fields(embed?.media) ?? embed;
  const external = fields(media?.external);
  const hashtags: string[] = [];
  const links: string[] = [];
  for (const facet of list(post.facets)) {
    for (const feature of list(fields(facet)?.features)) {
      const { $type, tag, uri } = fields(feature) ?? {};
      if ($type === TAG && tag) addText(tag, hashtags);
      if ($type === LINK && uri) addText(uri, links);
    }
  }
  for (const tag of list(post.tags)) addText(tag, hashtags);
  return {
    created_at: text(post.createdAt),
    text: post.text,
    langs: texts(post.langs),
    reply_root_uri: text(fields(reply?.root)?.uri),
    reply_parent_uri: text(fields(reply?.parent)?.uri),
    embed_kind: text(embed?.$type)?.replace(EMBED, "") || null,
    quoted_uri: quotedUri(fields(embed?.record)),
    external_title: text(external?.title),
    external_description: text(external?.description),
    external_url: text(external?.uri),
    image_alts: textsIn(media?.images, "alt"),
    hashtags,
    links,
    self_labels: textsIn(fields(post.labels)?.values, "val"),
    record: toJson(value),
  };
}

function quotedUri(record: Fields | undefined): string | null {
  // With media, the reference stands one level deeper.
  return text(fields(record?.record)?.uri) ?? text(record?.uri);
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function texts(value: unknown): string[] {
  const found: string[] = [];
  for (const item of list(value)) addText(item, found);
  return found;
}

/** Give a field of each object in a list, where it has a value. */
function textsIn(value: unknown, field: string): string[] {
  const found: string[] = [];
  for (const item of list(value)) {
    const content = fields(item)?.[field];
    if (content !== "") addText(content, found);
  }
  return found;
}

function addText(value: unknown, to: string[]): void {
  if (typeof value === "string") to.push(value);
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : NONE;
}

function fields(value: unknown): Fields | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? value as Fields : undefined;
}

function nestsWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (levels === 0) return false;
  const items: unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const item of items) if (!nestsWithin(item, levels - 1)) return false;
  return true;
}
