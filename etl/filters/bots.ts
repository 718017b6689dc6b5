import { z } from "zod";
import { AccountList, isListed } from "./account_list.ts";
import type { Filter } from "./filter.ts";

interface Settings {
  accounts: string[];
  /** Collected posts of one author on one UTC day. */
  posts_per_day?: number;
}

/** Flags posts of listed accounts, and all that an author wrote on a day with too many posts. */
export const filter: Filter<Settings> = {
  version: 1,
  description: "the author is listed as a bot, or posted that often on that day",
  schema: z.strictObject({
    accounts: AccountList.default([]),
    posts_per_day: z.int().min(2).optional(),
  }),
  accounts: ({ accounts }) => accounts,
  prepare: ({ posts_per_day }) =>
    posts_per_day === undefined ? [] : [`CREATE OR REPLACE TEMP TABLE bots_busy AS
      SELECT did FROM candidates GROUP BY did HAVING count(*) >= ${posts_per_day}`],
  expression: ({ posts_per_day }) =>
    isListed("bots") + (posts_per_day ? " OR did IN (SELECT did FROM bots_busy)" : ""),
};
