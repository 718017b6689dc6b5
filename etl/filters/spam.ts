import { z } from "zod";
import type { Filter } from "./filter.ts";
import { hasPhrase, PhraseList } from "./phrase_list.ts";
import { literal } from "../store/duckdb.ts";

interface Settings {
  /** Fewest different hashtags that make a post spam. */
  hashtags?: number;
  /** Such as bit.ly; their subdomains count too. */
  link_domains: string[];
  phrases: string[];
  near_duplicates?: {
    /** Fewest accounts that wrote the same text on one UTC day. */
    accounts: number;
    /** Letters (with the spaces between words) below which equal texts count as coincidence. */
    characters: number;
  };
}

const DOMAIN = /^([a-z0-9-]+\.)+[a-z][a-z0-9-]*$/;

/**
 * Flags posts with many hashtags, shortened links, phrases of spam, or a text that many accounts wrote
 * on the same day.
 *
 * Texts are the same if their letters are: links, handles, hashtags, digits, emoji,
 * punctuation and case are left out, and the rest is compared as a whole, by its 64-bit hash. This
 * is one pass over the day; a text with one word changed is another text.
 */
export const filter: Filter<Settings> = {
  version: 1,
  description: "many hashtags, a shortened link, a phrase of spam, or many accounts' text",
  schema: z.strictObject({
    hashtags: z.int().min(1).optional(),
    link_domains: z.array(z.string().regex(DOMAIN, "is not a domain such as bit.ly")).default([]),
    phrases: PhraseList.default([]),
    near_duplicates: z.strictObject({
      accounts: z.int().min(2),
      characters: z.int().min(1),
    }).optional(),
  }),
  prepare: ({ near_duplicates }) => {
    if (near_duplicates === undefined) return [];
    const { accounts, characters } = near_duplicates;
    return [
      `CREATE OR REPLACE TEMP TABLE spam_letters AS
       SELECT version, did, hash(letters) AS letters FROM (
         SELECT version, did, trim(regexp_replace(lower(bare_text),
           '(?:[^\\p{L}\\p{M}]|[\\x{FE00}-\\x{FE0F}\\x{20E0}-\\x{20E3}])+', ' ', 'g')) AS letters
         FROM candidates WHERE strlen(bare_text) >= ${characters})
       WHERE length_grapheme(letters) >= ${characters}`,
      `CREATE OR REPLACE TEMP TABLE spam_copies AS
       SELECT version FROM spam_letters WHERE letters IN (
         SELECT letters FROM spam_letters GROUP BY letters
         HAVING count(DISTINCT did) >= ${accounts})`,
      "DROP TABLE spam_letters",
    ];
  },
  expression: ({ hashtags, link_domains, phrases, near_duplicates }) =>
    [
      ...hashtags === undefined ? [] : [`${HASHTAG_COUNT} >= ${hashtags}`],
      ...link_domains.length === 0 ? [] : [linksTo(link_domains)],
      hasPhrase(phrases),
      ...near_duplicates ? ["version IN (SELECT version FROM spam_copies)"] : [],
    ].join(" OR "),
};

/** Different hashtags: of the facets, or of the text where there are none (imports). */
const HASHTAG_COUNT = `len(list_distinct(list_transform(
  if(len(hashtags) > 0, hashtags, regexp_extract_all(text,
    '(?:^|[\\s\\p{Z}])[#＃]([^\\s\\p{Z}#＃]*[\\p{L}\\p{So}][^\\s\\p{Z}#＃]*)', 1)),
  lambda tag: lower(tag))))`;

/** Links of the facets, the link card and the text; a short link always has a path. */
function linksTo(domains: string[]): string {
  const hosts = domains.map((domain) => domain.replaceAll(".", "\\."));
  const pattern = `(?:^|//|[\\s\\p{Z}("'<@])(?:[a-z0-9-]+\\.)*(?:${hosts.join("|")})(?::\\d+)?[/?]`;
  return `regexp_matches(lower(concat_ws(' ', text, array_to_string(links, ' '), external_url)),
    ${literal(pattern)})`;
}
