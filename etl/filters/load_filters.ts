import { EXIT, UserError } from "../run/error.ts";
import { checkSection } from "../study/section.ts";
import type { Study } from "../study/study.ts";
import type { Filter } from "./filter.ts";

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
  const modules = [...Deno.readDirSync(FOLDER)].map(({ name }) => name.replace(/\.ts$/, "")).sort();
  const load = async (name: string): Promise<Filter | undefined> =>
    modules.includes(name) ? (await import(new URL(`${name}.ts`, FOLDER).href)).filter : undefined;
  const filters: ConfiguredFilter[] = [];
  for (const [name, section] of Object.entries(study.filters)) {
    const filter = await load(name);
    if (filter === undefined) {
      const loaded = await Promise.all(modules.map(load));
      const known = modules.filter((_, index) => loaded[index] !== undefined);
      throw new UserError(
        `read ${studyPath}`,
        `there is no filter ${JSON.stringify(name)}`,
        `The filters are ${known.join(", ")}`,
        { exitCode: EXIT.usage },
      );
    }
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
