import { z } from "zod";
import { AccountList, isListed } from "./account_list.ts";
import type { Filter } from "./filter.ts";
import { literal } from "../store/duckdb.ts";

interface Settings {
  /** Values of com.atproto.label.defs#selfLabels. */
  self_labels: string[];
  accounts: string[];
}

/** Flags posts that their authors labelled as adult or graphic content, and those of some accounts. */
export const filter: Filter<Settings> = {
  version: 2,
  description: "the author labelled it as adult or graphic content, or is listed",
  schema: z.strictObject({
    self_labels: z.array(z.string().min(1)).min(1),
    accounts: AccountList.default([]),
  }),
  accounts: ({ accounts }) => accounts,
  expression: ({ self_labels }) =>
    `list_has_any(self_labels, ${literal(self_labels)}) OR ${isListed("nsfw")}`,
};
