import { z } from "zod";
import type { Filter } from "./filter.ts";
import { literal } from "../store/duckdb.ts";

interface Settings {
  /** ISO 639-1 codes. */
  keep: string[];
}

/** Flags posts whose detected language is not among those of the study, or cannot be detected. */
export const filter: Filter<Settings> = {
  version: 1,
  description: "the detected language is none of the study's",
  schema: z.strictObject({
    keep: z.array(z.string().regex(/^[a-z]{2}$/, "is not an ISO 639-1 code such as en")).min(1),
  }),
  expression: ({ keep }) =>
    `NOT coalesce(list_contains(${literal(keep)}, detected_language), false)`,
};
