/** The parts of a context, in the order shown to the model. */
export const CONTEXT_KINDS = [
  "reply_root",
  "reply_parent",
  "quoted_post",
  "link_title",
  "link_description",
  "link_domain",
  "alt_text",
  "self_labels",
] as const;

/** A kind of parts of a post's context. */
export type ContextKind = typeof CONTEXT_KINDS[number];

/** Posts that a post names, by kind and column of `posts`; one that is named twice is of its first kind. */
export const SHOWN_POSTS = [
  ["reply_parent", "reply_parent_uri"],
  ["reply_root", "reply_root_uri"],
  ["quoted_post", "quoted_uri"],
] as const;

/** A part of a post's context; `alt_text` may come several times. */
export interface ContextPart {
  kind: ContextKind;
  text: string;
}

/** Columns of the table `posts` that a context uses. */
export const CONTEXT_COLUMNS = [
  "reply_root_uri",
  "reply_parent_uri",
  "quoted_uri",
  "external_title",
  "external_description",
  "external_url",
  "image_alts",
  "self_labels",
] as const;

/** The columns of a `posts` row that its context uses. */
export interface ContextRow {
  uri: string;
  reply_root_uri: string | null;
  reply_parent_uri: string | null;
  quoted_uri: string | null;
  external_title: string | null;
  external_description: string | null;
  external_url: string | null;
  image_alts: string[] | null;
  self_labels: string[] | null;
}
