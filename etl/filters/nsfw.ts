import { z } from "zod";
import type { Filter } from "../filter.ts";
import { literal } from "../store/duckdb.ts";

interface Settings {
  /** Values of com.atproto.label.defs#selfLabels. */
  self_labels: string[];
}

/** Flags posts that their authors labelled as adult or graphic content. */
export const filter: Filter<Settings> = {
  version: 1,
  description: "the author labelled the post as adult or graphic content",
  schema: z.strictObject({ self_labels: z.array(z.string().min(1)).min(1) }),
  expression: ({ self_labels }) => `list_has_any(self_labels, ${literal(self_labels)})`,
};
