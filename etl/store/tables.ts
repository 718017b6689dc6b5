/**
 * The schema of every table, once; those of raw stand in `raw_tables.ts`.
 *
 * `data/README.md` is checked against it. A change of columns raises the version, which stands in
 * the metadata of each file, and goes with a test that reads files of the version before.
 */
import { SOURCE_COLUMNS } from "./source.ts";
import { CONTENT_COLUMNS, COUNT_COLUMNS } from "./raw_tables.ts";
import type { Table } from "./table.ts";

export { CONTEXTS, COUNTS, RAW, TOMBSTONES } from "./raw_tables.ts";
export { type Table, withColumns } from "./table.ts";

/** The table `posts`: one row per uri; `flag_<filter>` columns follow, one for each filter of the study. */
export const POSTS: Table = {
  folder: "posts",
  version: 2,
  rowsAGroup: 16_384,
  columns: {
    uri: "VARCHAR",
    cid: "VARCHAR",
    did: "VARCHAR",
    rkey: "VARCHAR",
    rev: "VARCHAR",
    reference_time: "TIMESTAMP",
    created_at: "TIMESTAMP",
    created_at_suspect: "BOOLEAN",
    ...Object.fromEntries(SOURCE_COLUMNS.map((name) => [name, "BOOLEAN"])),
    in_covered_minute: "BOOLEAN",
    text: "VARCHAR",
    text_normalized: "VARCHAR",
    text_hash: "VARCHAR",
    langs: "VARCHAR[]",
    detected_language: "VARCHAR",
    detected_language_score: "DOUBLE",
    ...CONTENT_COLUMNS,
    ...COUNT_COLUMNS,
    count_age_hours: "DOUBLE",
    like_count_48h: "BIGINT",
    repost_count_48h: "BIGINT",
    reply_count_48h: "BIGINT",
    quote_count_48h: "BIGINT",
    count_48h_age_hours: "DOUBLE",
    passed_filters: "BOOLEAN",
    filter_config_hash: "VARCHAR",
  },
};

/** The tables `labels`: the common columns of label rows, before those of the classifier. */
export const LABELS: Table = {
  folder: "labels/*",
  version: 1,
  columns: {
    uri: "VARCHAR",
    cid: "VARCHAR",
    text_hash: "VARCHAR",
    label_set_id: "VARCHAR",
    coder: "VARCHAR",
    was_successfully_labeled: "BOOLEAN",
    reason: "VARCHAR",
    label_timestamp: "TIMESTAMP",
    label_prob: "DOUBLE",
    model: "VARCHAR",
    codebook_hash: "VARCHAR",
    prompt_hash: "VARCHAR",
    parameters: "VARCHAR",
    temperature: "DOUBLE",
    seed: "BIGINT",
    system_fingerprint: "VARCHAR",
    run_id: "VARCHAR",
  },
};

/** The tables `anchors`: posts that a classifier is asked about again, to see whether its labels drift; one file each. */
export const ANCHORS: Table = {
  folder: "anchors",
  version: 1,
  columns: {
    date: "DATE",
    uri: "VARCHAR",
    cid: "VARCHAR",
    text_hash: "VARCHAR",
    label_set_id: "VARCHAR",
    drawn_at: "TIMESTAMP",
  },
};

/** The tables `replicates`: answers about anchors, like labels, but in no share. */
export const REPLICATES: Table = {
  folder: "replicates/*",
  version: 1,
  columns: { ...LABELS.columns, round: "INTEGER" },
};

/** The table `label_sets`: their definitions, one row each, one file per classifier. */
export const LABEL_SETS: Table = {
  folder: "label_sets",
  version: 1,
  columns: {
    label_set_id: "VARCHAR",
    classifier: "VARCHAR",
    classifier_version: "VARCHAR",
    model: "VARCHAR",
    codebook: "VARCHAR",
    codebook_hash: "VARCHAR",
    prompt_hash: "VARCHAR",
    parameters: "VARCHAR",
    first_used: "TIMESTAMP",
    last_used: "TIMESTAMP",
    is_shown: "BOOLEAN",
  },
};

/** The table `aggregates`: hourly cells; the sums are what author-clustered ratio estimates need. */
export const AGGREGATES: Table = {
  folder: "aggregates",
  version: 2,
  columns: {
    hour: "TIMESTAMP",
    source: "VARCHAR",
    passed_filters: "BOOLEAN",
    classifier: "VARCHAR",
    label_set_id: "VARCHAR",
    label: "VARCHAR",
    n_posts: "BIGINT",
    n_labeled: "BIGINT",
    n_failed: "BIGINT",
    n_authors: "BIGINT",
    sum_y: "DOUBLE",
    sum_n: "DOUBLE",
    sum_y_y: "DOUBLE",
    sum_y_n: "DOUBLE",
    sum_n_n: "DOUBLE",
    sum_w_w: "DOUBLE",
    sum_failed: "DOUBLE",
    n_unsampled: "BIGINT",
    n_authors_labeled: "BIGINT",
  },
};

/** The table `windows`: the hours that a source was to collect, laid down when their day came. */
export const WINDOWS: Table = {
  folder: "windows",
  version: 1,
  columns: {
    source: "VARCHAR",
    opens_at: "TIMESTAMP",
    closes_at: "TIMESTAMP",
    window_prob: "DOUBLE",
    setting: "VARCHAR",
  },
};

/** The table `coverage`: received events per minute of the time of the stream; rows of one minute add up. */
export const COVERAGE: Table = {
  folder: "coverage",
  version: 2,
  columns: {
    source: "VARCHAR",
    host: "VARCHAR",
    minute: "TIMESTAMP",
    events: "BIGINT",
    posts: "BIGINT",
    bytes: "BIGINT",
    first_cursor: "BIGINT",
    last_cursor: "BIGINT",
    covered_from: "TIMESTAMP",
    covered_until: "TIMESTAMP",
    skipped: "BIGINT",
    set_aside: "BIGINT",
    reconnects: "BIGINT",
    notes: "VARCHAR[]",
  },
};

/** The table `runs`: one row a run, there from its start. */
export const RUNS: Table = {
  folder: "runs",
  version: 2,
  columns: {
    run_id: "VARCHAR",
    task: "VARCHAR",
    arguments: "VARCHAR",
    status: "VARCHAR",
    exit_status: "INTEGER",
    started_at: "TIMESTAMP",
    ended_at: "TIMESTAMP",
    seconds: "DOUBLE",
    peak_rss_mb: "DOUBLE",
    host: "VARCHAR",
    pid: "BIGINT",
    boot_id: "VARCHAR",
    start_ticks: "VARCHAR",
    study_hash: "VARCHAR",
    deno_version: "VARCHAR",
    code_version: "VARCHAR",
    summary: "VARCHAR",
    warnings: "VARCHAR[]",
    error: "VARCHAR",
  },
};
