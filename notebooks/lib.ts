/** What notebooks import. */
export { type AggregatedMeasure, aggregatedSharesByDay } from "./aggregated_shares.ts";
export {
  attributeColumns,
  type Correlations,
  correlationsOf,
  type Distribution,
  distributionsOf,
} from "./attribute_scores.ts";
export { BarTable } from "./bar_table.ts";
export { contents } from "./contents.ts";
export { correlationMatrix } from "./correlation_matrix.ts";
export { type Coverage, coverageOf } from "./coverage.ts";
export { coverageStrip } from "./coverage_strip.ts";
export { type CoveredHour, coveredHours } from "./covered_hours.ts";
export { type Data, open } from "./data.ts";
export type { IsoDay } from "./days.ts";
export { distributions } from "./distributions.ts";
export { factsLine, factsOf, type FigureFacts, labelSetName } from "./figure_facts.ts";
export { filterCounts } from "./filter_counts.ts";
export { frequentCategoriesChart } from "./frequent_categories.ts";
export { heatmap } from "./heatmap.ts";
export { type History } from "./history.ts";
export { identifier } from "./identifier.ts";
export { type Measure, type Selection, type Source } from "./measure.ts";
export {
  type MeasuredShare,
  shareOfParts,
  shareOfRange,
  type ShareOfTime,
  sharesByDay,
  sharesByHour,
} from "./measured_shares.ts";
export { md } from "./note.ts";
export { politicalPerDayChart } from "./political_per_day.ts";
export { postsPerDayChart } from "./posts_per_day.ts";
export { describeEstimate, type Estimate, formatInterval } from "./sampling.ts";
export { shareOverTime, type ShareSeries } from "./share_over_time.ts";
export { show } from "./show.ts";
export { sideShares } from "./side_shares.ts";
export { stackedShare } from "./stacked_share.ts";
