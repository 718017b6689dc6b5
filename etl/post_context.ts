/** What may stand around a post, in the order in which it is shown to a reader. */
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
export type ContextKind = typeof CONTEXT_KINDS[number];

/** A part of what stands around a post; alt_text may come several times. */
export interface ContextPart {
  kind: ContextKind;
  text: string;
}
