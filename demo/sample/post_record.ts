/** The `app.bsky.feed.post` record that an author's client would write for a post of the sample. */
import { type AppBskyRichtextFacet, RichText } from "@atproto/api";
import type { CidLink } from "@atcute/cbor";
import { accountOf } from "./account.ts";
import { blobLink } from "./block.ts";
import type { SampleAuthor, SamplePost } from "./sample.ts";

/** A reference of an invented post to another. */
export interface StrongRef {
  uri: string;
  cid: string;
}

/** The record of an invented post. */
export interface PostRecord {
  $type: "app.bsky.feed.post";
  text: string;
  createdAt: string;
  langs?: string[];
  tags?: string[];
  facets?: { index: AppBskyRichtextFacet.ByteSlice; features: FacetFeature[] }[];
  reply?: { root: StrongRef; parent: StrongRef };
  embed?: Media | RecordEmbed | RecordWithMedia;
  labels?: { $type: "com.atproto.label.defs#selfLabels"; values: { val: string }[] };
}

type FacetFeature =
  | { $type: "app.bsky.richtext.facet#link"; uri: string }
  | { $type: "app.bsky.richtext.facet#tag"; tag: string }
  | { $type: "app.bsky.richtext.facet#mention"; did: string };

type Media =
  | { $type: "app.bsky.embed.images"; images: { alt: string; image: Blob }[] }
  | {
    $type: "app.bsky.embed.external";
    external: { uri: string; title: string; description: string };
  };
type RecordEmbed = { $type: "app.bsky.embed.record"; record: StrongRef };
type RecordWithMedia = {
  $type: "app.bsky.embed.recordWithMedia";
  record: RecordEmbed;
  media: Media;
};
type Blob = { $type: "blob"; ref: CidLink; mimeType: "image/jpeg"; size: number };

/** The posts that a post refers to, already published. */
export interface References {
  reply?: { root: StrongRef; parent: StrongRef };
  quote?: StrongRef;
}

/**
 * Build the record of a post.
 *
 * Handles of `authors` are mentions; other handles stay plain text. Absent parts are absent keys.
 */
export function postRecord(
  post: SamplePost,
  author: SampleAuthor,
  createdAt: string,
  references: References,
  authors: SampleAuthor[],
): PostRecord {
  const record: PostRecord = { $type: "app.bsky.feed.post", text: post.text, createdAt };
  const langs = post.langs ?? author.langs;
  if (langs.length > 0) record.langs = langs;
  const facets = facetsOf(post.text, authors);
  if (facets.length > 0) record.facets = facets;
  if (references.reply) record.reply = references.reply;
  const embed = embedOf(post, references.quote);
  if (embed) record.embed = embed;
  if (post.self_labels?.length) {
    record.labels = {
      $type: "com.atproto.label.defs#selfLabels",
      values: post.self_labels.map((val) => ({ val })),
    };
  }
  return record;
}

function facetsOf(text: string, authors: SampleAuthor[]) {
  const didOf = (handle: string) =>
    authors.map(({ id }) => accountOf(id)).find((account) => account.handle === handle)?.did;
  const richText = new RichText({ text });
  richText.detectFacetsWithoutResolution();
  return (richText.facets ?? []).map(({ index: { byteStart, byteEnd }, features }) => ({
    index: { byteStart, byteEnd },
    features: features.map((feature) => resolved(feature, didOf)).filter((f) => f !== undefined),
  })).filter(({ features }) => features.length > 0);
}

/** Detection leaves the handle where the DID belongs, because it resolves nothing. */
function resolved(
  feature: AppBskyRichtextFacet.Main["features"][number],
  didOf: (handle: string) => string | undefined,
): FacetFeature | undefined {
  if ("uri" in feature) {
    return { $type: "app.bsky.richtext.facet#link", uri: feature.uri as string };
  }
  if ("tag" in feature) return { $type: "app.bsky.richtext.facet#tag", tag: feature.tag as string };
  const did = didOf(String((feature as AppBskyRichtextFacet.Mention).did));
  return did === undefined ? undefined : { $type: "app.bsky.richtext.facet#mention", did };
}

function embedOf(post: SamplePost, quote: StrongRef | undefined): PostRecord["embed"] {
  const media = mediaOf(post);
  if (quote === undefined) return media;
  const record: RecordEmbed = { $type: "app.bsky.embed.record", record: quote };
  return media ? { $type: "app.bsky.embed.recordWithMedia", record, media } : record;
}

/** Images before a link, because a record holds only one of them. */
function mediaOf(post: SamplePost): Media | undefined {
  if (post.alt?.length) {
    return {
      $type: "app.bsky.embed.images",
      images: post.alt.map((alt, i) => ({ alt, image: inventedImage(`${post.id} image ${i}`) })),
    };
  }
  if (post.link) {
    const { url, title, description } = post.link;
    return { $type: "app.bsky.embed.external", external: { uri: url, title, description } };
  }
}

function inventedImage(name: string): Blob {
  const bytes = new TextEncoder().encode(name);
  return { $type: "blob", ref: blobLink(bytes), mimeType: "image/jpeg", size: bytes.length };
}
