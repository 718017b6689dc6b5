import { z } from "zod";
import type { Sociopolitical } from "../codebooks/sociopolitical_codebook.ts";
import type { LabelRow, ReplyFormat } from "./reply_format.ts";

/** A reply about a post. */
export interface SociopoliticalFields {
  is_sociopolitical: boolean;
  lean: string | null;
  reason?: string | null;
}

/** Give the format of replies to the section `sociopolitical` of a codebook. */
export function sociopoliticalFormat(section: Sociopolitical): ReplyFormat {
  const fields = z.strictObject({
    // Before the answers, so that they can follow from it.
    ...section.reasons ? { reason: z.string() } : {},
    is_sociopolitical: z.boolean(),
    lean: z.enum(Object.keys(section.lean)).nullable(),
  });
  return {
    name: "sociopolitical",
    fields,
    toRow: (said) => sociopoliticalRow(section, said as unknown as SociopoliticalFields),
  };
}

/**
 * Give the label columns of a reply, or undefined where it contradicts itself.
 *
 * A sociopolitical post has a lean label, perhaps the undecided one; other posts have none. The
 * undecided label is accepted for those too; any other lean is a contradiction.
 */
export function sociopoliticalRow(
  { reasons, undecided }: Sociopolitical,
  { is_sociopolitical, lean, reason }: SociopoliticalFields,
): LabelRow | undefined {
  const isConsistent = is_sociopolitical ? lean !== null : lean === null || lean === undecided;
  if (!isConsistent) return undefined;
  return {
    is_sociopolitical,
    lean: is_sociopolitical ? lean : null,
    reason_text: reasons ? reason?.trim() || null : null,
  };
}
