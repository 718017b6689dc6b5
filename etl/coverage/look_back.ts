const HOUR_MS = 3_600_000;

/** How far back the public hosts of streams replay, in milliseconds; theirs to change. */
export const LOOK_BACK_MS = { firehose: 72 * HOUR_MS, jetstream: 36 * HOUR_MS } as const;
