import { coverageOf } from "./coverage.ts";
import { unbelievedTimes } from "./creation_times.ts";
import { coveredHours } from "./covered_hours.ts";
import type { Data } from "../query/data.ts";
import { factsOf, type FigureFacts, importedLabels, labelSetName } from "./figure_facts.ts";
import type { Measure, Selection } from "./measure.ts";
import {
  type MeasuredShare,
  shareOfRange,
  type ShareOfTime,
  sharesByDay,
} from "./measured_shares.ts";
import { passedPosts } from "./source_counts.ts";

/** A measure over the days of a selection, with what its figures must say. */
export interface MeasuredFigure {
  days: ShareOfTime[];
  range: MeasuredShare;
  facts: FigureFacts;
}

/** Measure posts by day and over the range, and gather the facts of figures about them. */
export async function measuredFigure(
  data: Data,
  measure: Measure,
  selection: Selection = {},
): Promise<MeasuredFigure> {
  const days = await sharesByDay(data, measure, selection);
  const range = shareOfRange(days, selection);
  const hours = (await coveredHours(data)).filter(({ source }) => source === selection.source);
  const isShare = measure.threshold !== undefined || /^(is|has)_/.test(measure.column);
  const classifier = measure.view.replace(/^posts_/, "");
  const facts = factsOf(range, {
    denominator: passedPosts(selection.source),
    label_set: await labelSetName(data, classifier),
    found_labels: await importedLabels(data, classifier),
    coverage: coverageOf(hours, days.map(({ time }) => time), data.study.time_zone),
    unbelieved: await unbelievedTimes(data, selection),
  }, isShare);
  return { days, range, facts };
}
