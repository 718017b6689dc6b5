import type { z } from "zod";
import { EXIT, UserError } from "../run/error.ts";
import { checkSection, type Study } from "../study/study.ts";

/**
 * A filter says of each post whether it would be left out. It flags, it never drops.
 *
 * Each stands in a file of `etl/filters/` named as the filter, which exports it as `filter`, and has
 * a section in `study.yaml`.
 */
export interface Filter<Settings = unknown> {
  /** Raised when the same settings begin to flag other posts. */
  version: number;
  /** For the summary and the methods section: which posts it flags. */
  description: string;
  /** The section in `study.yaml`; strict. */
  schema: z.ZodType<Settings>;
  /** Give the accounts that the settings list, by did or handle; see `account_list.ts`. */
  accounts?(settings: Settings): string[];
  /**
   * Give SQL statements that run before the expression on each day of posts, for what takes more
   * than one post to tell. They make temporary tables named `<filter>_…` out of `candidates`.
   */
  prepare?(settings: Settings): string[];
  /**
   * Give an SQL expression over `candidates`, true where the post is flagged; null is false.
   *
   * `candidates` are the posts of one UTC day with the columns of `posts` before `passed_filters`,
   * but for `text_normalized` and `text_hash`; and with `version`, their key, and `bare_text`: NFC,
   * single spaces, without links, handles and hashtags.
   */
  expression(settings: Settings): string;
}

/** A filter with the study's settings for it. */
export interface ConfiguredFilter {
  name: string;
  /** The column in `posts`. */
  column: string;
  version: number;
  description: string;
  settings: unknown;
  accounts: string[];
  preparation: string[];
  expression: string;
}

const FOLDER = new URL("./", import.meta.url);

/**
 * Load the filters that a study names, in its order.
 *
 * Throws a usage error for a filter that does not exist and for a wrong setting.
 */
export async function loadFilters(study: Study, studyPath: string): Promise<ConfiguredFilter[]> {
  const known = [...Deno.readDirSync(FOLDER)].map((entry) => entry.name.replace(/\.ts$/, ""))
    .sort();
  const filters: ConfiguredFilter[] = [];
  for (const [name, section] of Object.entries(study.filters)) {
    if (!known.includes(name)) {
      throw new UserError(
        `read ${studyPath}`,
        `there is no filter ${JSON.stringify(name)}`,
        `The filters are ${known.join(", ")}`,
        { exitCode: EXIT.usage },
      );
    }
    const { filter } = await import(new URL(`${name}.ts`, FOLDER).href) as { filter: Filter };
    const settings = checkSection(filter.schema, section, `${studyPath} (filters.${name})`);
    filters.push({
      name,
      column: `flag_${name}`,
      version: filter.version,
      description: filter.description,
      settings,
      accounts: filter.accounts?.(settings) ?? [],
      preparation: filter.prepare?.(settings) ?? [],
      expression: filter.expression(settings),
    });
  }
  return filters;
}
