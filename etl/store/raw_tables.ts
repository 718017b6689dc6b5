import type { Table } from "./table.ts";

/** The parts of a post beside its text. */
export const CONTENT_COLUMNS = {
  reply_root_uri: "VARCHAR",
  reply_parent_uri: "VARCHAR",
  embed_kind: "VARCHAR",
  quoted_uri: "VARCHAR",
  external_title: "VARCHAR",
  external_description: "VARCHAR",
  external_url: "VARCHAR",
  image_alts: "VARCHAR[]",
  hashtags: "VARCHAR[]",
  links: "VARCHAR[]",
  self_labels: "VARCHAR[]",
} as const;

export const COUNT_COLUMNS = {
  like_count: "BIGINT",
  repost_count: "BIGINT",
  reply_count: "BIGINT",
  quote_count: "BIGINT",
} as const;

const RAW_COLUMNS = {
  uri: "VARCHAR",
  cid: "VARCHAR",
  did: "VARCHAR",
  rkey: "VARCHAR",
  rev: "VARCHAR",
  cursor: "BIGINT",
  host: "VARCHAR",
  seen_at: "TIMESTAMP",
  event_time: "TIMESTAMP",
  event_time_sent: "TIMESTAMP",
  created_at: "VARCHAR",
  text: "VARCHAR",
  langs: "VARCHAR[]",
  ...CONTENT_COLUMNS,
  record: "VARCHAR",
  feed: "VARCHAR",
  rank: "INTEGER",
  ...COUNT_COLUMNS,
  author_handle: "VARCHAR",
  counted_at: "TIMESTAMP",
} as const;

/**
 * Every post as a source gave it; values that a source lacks are null.
 *
 * `counted_at` is of imports alone, and new in version 2: other sources count at `seen_at`.
 * `event_time_sent` is new in version 3: what the server wrote, where the time of the stream or our own
 * clock does not allow it.
 */
export const RAW: Table = { folder: "raw/*", version: 3, columns: RAW_COLUMNS };

/** The table `raw/tombstones`, removals by authors and hosts: a keyed hash and a time, never the deleted content. */
export const TOMBSTONES: Table = {
  folder: "raw/tombstones",
  version: 2,
  columns: {
    subject_hash: "VARCHAR",
    subject_kind: "VARCHAR",
    reason: "VARCHAR",
    event_time: "TIMESTAMP",
    seen_at: "TIMESTAMP",
    host: "VARCHAR",
    cursor: "BIGINT",
    rev: "VARCHAR",
    with_rev: "BOOLEAN",
  },
};

const { uri, did, event_time, seen_at, host } = RAW_COLUMNS;

/** The table `raw/counts`: counts that were taken again at 48 hours; null where the AppView no longer had the post. */
export const COUNTS: Table = {
  folder: "raw/counts",
  version: 1,
  columns: { uri, did, event_time, seen_at, host, ...COUNT_COLUMNS },
};

/**
 * Posts that ours reply to or quote and that no source brought, as an AppView gave them; and under a
 * keyed hash those that it did not give, so that they are not asked for at every run.
 */
export const CONTEXTS: Table = {
  folder: "raw/context",
  version: 1,
  columns: {
    uri_hash: "VARCHAR",
    status: "VARCHAR",
    uri,
    cid: "VARCHAR",
    did,
    event_time,
    seen_at,
    host,
    created_at: "VARCHAR",
    text: "VARCHAR",
    external_title: "VARCHAR",
    external_description: "VARCHAR",
    external_url: "VARCHAR",
    image_alts: "VARCHAR[]",
    self_labels: "VARCHAR[]",
  },
};
