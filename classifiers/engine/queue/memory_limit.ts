/**
 * For DuckDB, beside what JavaScript holds. What does not fit it spills, but not all that it pins: where
 * the little is not enough, a run takes more.
 */
export const [LIMIT_MEMORY, LIMIT_MEMORY_LATE] = ["110MB", "600MB"].map((limit) =>
  `SET memory_limit = '${limit}'`
) as [string, string];
