import type { LabelDrift } from "./label_drift.ts";

/** Number of scores shown, those that moved most; `status --json` has all. */
const NAMED_SCORES = 3;

/** Describe the drift of a label set in lines. */
export function describeDrift(drift: LabelDrift): string[] {
  const { classifier, label_set_id, anchors, last_round } = drift;
  const number = (count: number) => count.toLocaleString("en");
  if (last_round === null) {
    return [
      `anchors of ${classifier}: ${
        number(anchors)
      }, asked about again by deno task classify:${classifier}`,
    ];
  }
  const { round, began, asked, labelled, asked_otherwise } = last_round;
  const scores = Object.entries(drift.scores);
  const moved = scores
    .toSorted(([, a], [, b]) => b.mean_absolute_difference - a.mean_absolute_difference)
    .slice(0, NAMED_SCORES);
  const after = [
    ...asked > labelled ? [`${number(asked - labelled)} not labelled`] : [],
    ...asked_otherwise > 0 ? [`${number(asked_otherwise)} with less context than at first`] : [],
  ];
  return [
    `anchors of ${classifier}, ${label_set_id}: ${number(anchors)}; round ${round} began on ` +
    `${began}: ${number(asked)} asked about${after.map((text) => `, ${text}`).join("")}`,
    ...Object.entries(drift.labels).map(([name, { n, agreement, kappa, agreement_before }]) =>
      `  ${name} as at first: ${(100 * agreement).toFixed(1)}% of ${number(n)}` +
      (kappa === null ? "" : `, kappa ${kappa.toFixed(2)}`) +
      (agreement_before === null
        ? ""
        : `; in the first round ${(100 * agreement_before).toFixed(1)}%`)
    ),
    ...moved.map(([name, { n, mean_absolute_difference, shift }]) =>
      `  ${name} differs from the first by ${mean_absolute_difference.toFixed(3)} in the mean of ` +
      `${number(n)}, shifted by ${shift.toFixed(3)}`
    ),
    ...scores.length > moved.length
      ? [`  ${scores.length - moved.length} scores differ less (deno task status --json)`]
      : [],
    ...drift.warnings.map((warning) => `  warning: the labeller drifts: ${warning}`),
  ];
}
