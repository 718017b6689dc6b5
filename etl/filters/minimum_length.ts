import { z } from "zod";
import type { Filter } from "./filter.ts";

interface Settings {
  /** Grapheme clusters: characters as readers count them. */
  characters: number;
}

/** Flags posts with little text of their own once links, handles and hashtags are taken out. */
export const filter: Filter<Settings> = {
  version: 1,
  description: "fewer characters than the study's minimum, links, handles and hashtags not counted",
  schema: z.strictObject({ characters: z.int().min(1) }),
  expression: ({ characters }) => `length_grapheme(bare_text) < ${characters}`,
};
