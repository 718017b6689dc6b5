/** What notebooks import. */
export { type AggregatedMeasure, aggregatedSharesByDay } from "./aggregated_shares.ts";
export { agreementOf, agreementTable, foundTable } from "./agreement.ts";
export { type AttributeMean, attributeMeans, attributeMeansByLean } from "./attribute_means.ts";
export {
  attributeColumn,
  attributeColumns,
  type Correlations,
  correlationsOf,
  type Distribution,
  distributionsOf,
} from "./attribute_scores.ts";
export { BarTable } from "./bar_table.ts";
export { contents } from "./contents.ts";
export { correlationMatrix } from "./correlation_matrix.ts";
export { type Coverage, coverageOf, coverageOfPosts } from "./coverage.ts";
export { coverageStrip } from "./coverage_strip.ts";
export { type CoveredHour, coveredHours } from "./covered_hours.ts";
export { type Data, open } from "./data.ts";
export type { IsoDay } from "./days.ts";
export { distinctiveTerms, distinctiveTermsTable } from "./distinctive_terms.ts";
export { distributions } from "./distributions.ts";
export {
  factsLine,
  factsOf,
  factsOfGroups,
  type FigureFacts,
  labelSetName,
} from "./figure_facts.ts";
export { filterCounts } from "./filter_counts.ts";
export { frequentCategories, frequentCategoriesTable } from "./frequent_categories.ts";
export { groupMeans } from "./group_means.ts";
export { heatmap } from "./heatmap.ts";
export { type History } from "./history.ts";
export { readHistory } from "./history_file.ts";
export {
  describeQuestions,
  type HumanQuestions,
  humanQuestions,
  keepAnswers,
  leanLabeller,
} from "./human_answers.ts";
export { identifier } from "./identifier.ts";
export { labelCounts } from "./label_counts.ts";
export { type LabellerPair, labellerPairs, labellerPairsTable } from "./labeller_pairs.ts";
export { languageCounts, languagesTable } from "./language_counts.ts";
export { leanChart, leanShares } from "./lean_shares.ts";
export { matchedShares, matchedTable } from "./matched_shares.ts";
export {
  type Labeller,
  LABELLERS,
  type Measure,
  POLITICAL,
  type Selection,
  type Source,
} from "./measure.ts";
export { measuredFigure } from "./measured_figure.ts";
export {
  type MeasuredShare,
  shareOfParts,
  shareOfRange,
  type ShareOfTime,
  sharesByDay,
  sharesByHour,
} from "./measured_shares.ts";
export { missingScores } from "./missing_scores.ts";
export { md } from "./note.ts";
export { postsPerDayChart } from "./posts_per_day.ts";
export { prevalenceTable, THRESHOLDS } from "./prevalence.ts";
export { describeEstimate, type Estimate, formatInterval } from "./sampling.ts";
export { shareOverTime, type ShareSeries } from "./share_over_time.ts";
export { show } from "./show.ts";
export { sideShares, sideSharesTable } from "./side_shares.ts";
export { allPosts, mainSource, passedPosts, sourceCounts } from "./source_counts.ts";
export { stackedShare } from "./stacked_share.ts";
