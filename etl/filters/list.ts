import { z } from "zod";
import { AccountList, isListed } from "./account_list.ts";
import type { Filter } from "./filter.ts";
import { hasPhrase, PhraseList } from "./phrase_list.ts";

interface Settings {
  accounts: string[];
  phrases: string[];
}

/** Flags posts that the study leaves out for reasons of its own: by author, or by a phrase. */
export const filter: Filter<Settings> = {
  version: 1,
  description: "the study lists the author, or a phrase of the text",
  schema: z.strictObject({
    accounts: AccountList.default([]),
    phrases: PhraseList.default([]),
  }),
  accounts: ({ accounts }) => accounts,
  expression: ({ phrases }) => `${isListed("list")} OR ${hasPhrase(phrases)}`,
};
