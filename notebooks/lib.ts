/** What notebooks import. */
export { type AggregatedMeasure, aggregatedSharesByDay } from "./measures/aggregated_shares.ts";
export { agreementOf, agreementTable, foundTable } from "./figures/agreement.ts";
export { attributeMeans, attributeMeansByLean } from "./figures/attribute_means.ts";
export { type AttributeMean } from "./charts/group_means.ts";
export { correlationsOf, distributionsOf } from "./figures/attribute_scores.ts";
export { attributeColumn, attributeColumns } from "./measures/attribute_columns.ts";
export { type Correlations } from "./charts/correlation_matrix.ts";
export { type Distribution } from "./charts/distributions.ts";
export { BarTable } from "./charts/bar_table.ts";
export { contents } from "./query/contents.ts";
export { correlationMatrix } from "./charts/correlation_matrix.ts";
export { type Coverage, coverageOf, coverageOfPosts } from "./measures/coverage.ts";
export { coverageStrip } from "./charts/coverage_strip.ts";
export { type CoveredHour, coveredHours } from "./measures/covered_hours.ts";
export { type Data, open } from "./query/data.ts";
export type { IsoDay } from "./measures/days.ts";
export { distinctiveTerms, distinctiveTermsTable } from "./figures/distinctive_terms.ts";
export { distributions } from "./charts/distributions.ts";
export {
  factsLine,
  factsOf,
  factsOfGroups,
  type FigureFacts,
  labelSetName,
} from "./measures/figure_facts.ts";
export { filterCounts } from "./figures/filter_counts.ts";
export { frequentCategories, frequentCategoriesTable } from "./figures/frequent_categories.ts";
export { groupMeans } from "./charts/group_means.ts";
export { heatmap } from "./charts/heatmap.ts";
export { type History } from "./charts/history.ts";
export { readHistory } from "./charts/history_file.ts";
export {
  describeQuestions,
  type HumanQuestions,
  humanQuestions,
  keepAnswers,
  leanLabeller,
} from "./measures/human_answers.ts";
export { identifier } from "./query/identifier.ts";
export { labelCounts } from "./figures/label_counts.ts";
export { type LabellerPair, labellerPairs, labellerPairsTable } from "./figures/labeller_pairs.ts";
export { languageCounts, languagesTable } from "./figures/language_counts.ts";
export { leanShares } from "./figures/lean_shares.ts";
export { leanChart } from "./figures/lean_shares.ts";
export { matchedShares, matchedTable } from "./figures/matched_shares.ts";
export {
  type Labeller,
  LABELLERS,
  type Measure,
  POLITICAL,
  type Selection,
} from "./measures/measure.ts";
export { type Source } from "../etl/store/source.ts";
export { measuredFigure } from "./measures/measured_figure.ts";
export {
  type MeasuredShare,
  shareOfParts,
  shareOfRange,
  type ShareOfTime,
  sharesByDay,
  sharesByHour,
} from "./measures/measured_shares.ts";
export { missingScores } from "./figures/missing_scores.ts";
export { md } from "./charts/note.ts";
export { postsPerDayChart } from "./figures/posts_per_day.ts";
export { prevalenceTable, THRESHOLDS } from "./figures/prevalence.ts";
export { describeEstimate, type Estimate, formatInterval } from "./measures/estimate.ts";
export { shareOverTime, type ShareSeries } from "./charts/share_over_time.ts";
export { show } from "./render/show.ts";
export { sideShares, sideSharesTable } from "./figures/side_shares.ts";
export { allPosts, mainSource, passedPosts, sourceCounts } from "./measures/source_counts.ts";
export { stackedShare } from "./charts/stacked_share.ts";
