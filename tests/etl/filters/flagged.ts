/** Asks one filter about some posts of a day. */
import { resolveAccounts } from "../../../etl/filters/account_list.ts";
import { loadFilters } from "../../../etl/filters/load_filters.ts";
import { collectTexts, prepareCandidates } from "../../../etl/preprocess/posts.ts";
import type { Study } from "../../../etl/study/study.ts";
import { literal, openDatabase, rows } from "../../../etl/store/duckdb.ts";
import { withData } from "../../rows.ts";

export interface Candidate {
  text?: string;
  did?: string;
  hashtags?: string[] | null;
  links?: string[];
  external_url?: string;
  self_labels?: string[] | null;
  detected_language?: string;
}

/** Tell for each post whether a filter with some settings flags it. */
export async function flagged(
  filter: string,
  settings: Record<string, unknown>,
  posts: Candidate[],
): Promise<boolean[]> {
  const study = { filters: { [filter]: settings } } as unknown as Study;
  const filters = await loadFilters(study, "study.yaml");
  const found: boolean[] = [];
  await withData(async (data) => {
    using database = await openDatabase(data);
    const values = posts.map((post, version) =>
      `(${version}, ${literal(post.did ?? "did:plc:a")}, ${literal(post.text ?? "")},
        ${literal(post.hashtags === undefined ? [] : post.hashtags)}::VARCHAR[],
        ${literal(post.links ?? [])}::VARCHAR[], ${literal(post.external_url)}::VARCHAR,
        ${literal(post.self_labels === undefined ? [] : post.self_labels)}::VARCHAR[])`
    );
    await database.run(`CREATE TEMP TABLE contents AS FROM (VALUES ${values.join(", ")})
      posts(version, did, text, hashtags, links, external_url, self_labels)`);
    const languages = posts.map((post, version) =>
      `(${version}, ${literal(post.detected_language)}::VARCHAR, 0.5)`
    );
    await database.run(`CREATE TEMP TABLE languages AS FROM (VALUES ${languages.join(", ")})
      languages(version, detected_language, detected_language_score)`);
    await collectTexts(database);
    await resolveAccounts(database, filters, []);
    await prepareCandidates(database, filters);
    const flags = await rows<{ flag: boolean }>(
      database,
      `SELECT coalesce(${filters[0]!.expression}, false) AS flag FROM candidates ORDER BY version`,
    );
    found.push(...flags.map(({ flag }) => flag));
  });
  return found;
}
