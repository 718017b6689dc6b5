import { type Database, row } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { ANCHORS } from "../store/tables.ts";
import { type Agreement, agreementOf, type Looks } from "./agreement.ts";
import { CATEGORY, type Look, readLooks, type Round, SCORE } from "./looks.ts";
import { type ScoreShift, scoreShiftOf } from "./score_shift.ts";

/** Whether a labeller still gives the same posts its first labels. */
export interface LabelDrift {
  classifier: string;
  /** null before any of the anchors was asked about again. */
  label_set_id: string | null;
  /** Drawn anchors that their authors have not deleted. */
  anchors: number;
  rounds: number;
  last_round: Omit<Round, "label_set_id"> | null;
  labels: Record<string, Agreement>;
  scores: Record<string, ScoreShift>;
  warnings: string[];
}

/** Significance level: without drift, one round in a hundred gives a warning. */
const ALPHA = 0.01;
/** Scores have two digits: less is no shift of what they are used for. */
const LEAST_SHIFT = 0.01;

/**
 * Tell how each label set of a classifier with anchors drifts.
 *
 * There is a warning where a label agrees with the first one less than in the round when the same posts were
 * first asked about again, or where a share or mean shifted, by exact tests of pairs at 1% a round, that
 * divided among its tests (Bonferroni; Dunn 1961, Journal of the American Statistical Association 56).
 */
export async function labelDrift(
  database: Database,
  classifier: string,
  files: { anchors: string[]; labels: string[]; replicates: string[] },
): Promise<LabelDrift[]> {
  const { anchors } = await row<{ anchors: number }>(
    database,
    `SELECT count(*) AS anchors FROM ${relation(ANCHORS, files.anchors)}`,
  );
  const { rounds, looks } = await readLooks(database, files.labels, files.replicates);
  const sets = [...Map.groupBy(rounds, ({ label_set_id }) => label_set_id)];
  const none = { rounds: 0, last_round: null, labels: {}, scores: {}, warnings: [] };
  if (sets.length === 0) return [{ classifier, label_set_id: null, anchors, ...none }];
  return sets.map(([label_set_id, ofSet]) => {
    const { label_set_id: _, ...last_round } = ofSet.at(-1)!;
    const own = looks.filter((look) => look.label_set_id === label_set_id);
    const compared = compare(own);
    return {
      classifier,
      label_set_id,
      anchors,
      rounds: last_round.round,
      last_round,
      ...compared,
      warnings: warningsOf(compared.labels, compared.scores),
    };
  });
}

function compare(looks: Look[]): Pick<LabelDrift, "labels" | "scores"> {
  const newest = Math.max(...looks.map(({ round }) => round));
  const byAnchor = [...Map.groupBy(looks, ({ anchor }) => anchor).values()].flatMap((ofAnchor) => {
    const [first, second] = ofAnchor;
    const last = ofAnchor.at(-1)!;
    if (first === last || last.round !== newest) return [];
    return [{ first: first!, second: second === last ? undefined : second, last }];
  });
  const labels: Record<string, Agreement> = {};
  const scores: Record<string, ScoreShift> = {};
  const names = new Set(looks.flatMap(({ values }) => Object.keys(values)));
  for (const name of names) {
    const agreement = CATEGORY.test(name) && agreementOf(valuesOf(byAnchor, name, String));
    if (agreement) labels[name] = agreement;
    const shift = SCORE.test(name) && scoreShiftOf(valuesOf(byAnchor, name, Number));
    if (shift) scores[name] = shift;
  }
  return { labels, scores };
}

/** Give the values of a column for posts with a first and a last value. */
function valuesOf<T>(
  looks: Looks<Look>[],
  name: string,
  read: (value: unknown) => T,
): Looks<T>[] {
  const valueOf = (look: Look | undefined) => {
    const value = look?.values[name] ?? null;
    return value === null ? undefined : read(value);
  };
  return looks.flatMap(({ first, second, last }) => {
    const [was, then, is] = [valueOf(first), valueOf(second), valueOf(last)];
    if (was === undefined || is === undefined) return [];
    return [{ first: was, last: is, ...then === undefined ? {} : { second: then } }];
  });
}

function warningsOf(
  labels: Record<string, Agreement>,
  scores: Record<string, ScoreShift>,
): string[] {
  const agreements = Object.entries(labels);
  const tests = [
    ...agreements.flatMap(([, { p_agreement, p_shift }]) => [p_agreement, p_shift]),
    ...Object.values(scores).map(({ p_shift }) => p_shift),
  ].filter((p) => p !== null).length;
  const isRare = (p: number | null) => p !== null && p < ALPHA / tests;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  return [
    ...agreements.filter(([, { p_agreement }]) => isRare(p_agreement)).map(([name, found]) =>
      `${name} is as at first for ${percent(found.agreement)} of the anchors; ` +
      `in the first round it was for ${percent(found.agreement_before!)}`
    ),
    ...agreements.filter(([, { p_shift }]) => isRare(p_shift)).map(([name, { shift }]) =>
      `${name} is given ${shift! > 0 ? "more" : "less"} often to the same posts than at first ` +
      `(${shift! > 0 ? "+" : "−"}${(100 * Math.abs(shift!)).toFixed(1)} points)`
    ),
    ...Object.entries(scores)
      .filter(([, { p_shift, shift }]) => isRare(p_shift) && Math.abs(shift) >= LEAST_SHIFT)
      .map(([name, { shift }]) =>
        `${name} is ${shift > 0 ? "higher" : "lower"} for the same posts than at first ` +
        `(mean ${shift > 0 ? "+" : "−"}${Math.abs(shift).toFixed(3)})`
      ),
  ];
}
