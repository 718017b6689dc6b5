import type { Data } from "./data.ts";

/** The label set of the dictionary that the views show. */
export interface ShownLabelSet {
  label_set_id: string;
  codebook: string;
}

/** Give the label set that the views show, undefined where nothing was labelled. */
export async function shownLabelSet(data: Data): Promise<ShownLabelSet | undefined> {
  const rows = await data.sql`
    SELECT label_set_id, codebook FROM label_sets WHERE classifier = 'dictionary' AND is_shown`;
  return rows.objects()[0] as ShownLabelSet | undefined;
}

/** What a label says of the posts that passed the filters, in counts that add up. */
export interface Tally {
  labeled: number;
  failed: number;
  political: number;
  /** Labelled posts that do not say how likely they were to be drawn. */
  unsampled: number;
}

/** Say what kind of sample the labelled posts are, where they are not a probability sample. */
export function sampleNote(tally: Tally): string {
  return tally.unsampled === 0 ? "" : " The labelled posts are not a probability sample.";
}
