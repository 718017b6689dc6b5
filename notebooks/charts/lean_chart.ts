import { type FigureFacts, withoutBounds } from "../measures/figure_facts.ts";
import { type LeanShares, NOT_POLITICAL } from "../measures/lean_shares.ts";
import type { Chart } from "./chart.ts";
import type { Note } from "./note.ts";
import { stackedShare } from "./stacked_share.ts";

/** Draw the leans of groups of posts, each of all labelled posts and of the political ones. */
export function leanChart(groups: LeanShares[], facts: FigureFacts): Chart | Note {
  const filled = groups.filter(({ all }) => all.n > 0);
  const leans = new Set(filled.flatMap(({ leans }) => leans));
  leans.delete(NOT_POLITICAL);
  return stackedShare({
    title: "Leans, of all labelled posts and of the political ones",
    categories: [...leans, NOT_POLITICAL],
    rest: NOT_POLITICAL,
    bars: filled.flatMap(({ all, political }) => [all, political]),
    facts: { ...withoutBounds(facts), also: "Each bar names its denominator among them." },
  });
}
