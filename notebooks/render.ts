import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { now } from "../etl/run/clock.ts";
import { type Command, type Context, main, type Outcome } from "../etl/run/command.ts";
import { describeError, EXIT, UserError } from "../etl/run/error.ts";
import { type Database, rows } from "../etl/store/duckdb.ts";
import { relation, sync } from "../etl/store/parquet.ts";
import type { DataPaths } from "../etl/store/paths.ts";
import { LABEL_SETS } from "../etl/store/tables.ts";
import { runCells } from "./cell_run.ts";
import { readNotebook, withOutputs } from "./notebook.ts";
import { page } from "./page.ts";

/** Who is not done by then has a query that never ends; a page of that size opens nowhere. */
const LIMITS = { ms: 120_000, memory: 4e9, output: 3e7 };

const FOLDER = new URL("./", import.meta.url);

/** The task `render`. */
export const command: Command = {
  task: "render",
  description:
    "Run notebooks and write each as a page and a notebook with outputs to data/reports.",
  arguments: [{
    name: "[notebooks...]",
    description: "names such as 01-overview; all notebooks where none is named",
  }],
  options: [],
  examples: ["deno task render", "deno task render 01-overview --data data/demo"],
  run: (context, _, ...names) => render(context, names, fileURLToPath(FOLDER)),
};

/**
 * Run notebooks of a folder and write `<name>.html` and `<name>.ipynb` for each.
 *
 * One that fails leaves its files of before and stops no other; its error stands in the outcome.
 * Throws a usage error for a name without a notebook.
 */
export async function render(
  context: Context,
  names: string[],
  folder: string,
): Promise<Outcome> {
  if (/[*?[\]{}]/.test(context.paths.root)) {
    throw new UserError(
      "run render",
      `the path ${context.paths.root} has characters that DuckDB takes for a pattern`,
      "Move or link the data to a folder without * ? [ ] { } in its path",
      { exitCode: EXIT.usage },
    );
  }
  const written: string[] = [];
  const errors: UserError[] = [];
  for (const name of chosen(names, folder)) {
    if (context.signal.aborted) break;
    context.progress.update(() => `render: ${name}`);
    try {
      written.push(...await renderOne(context, name, folder));
    } catch (error) {
      if (context.signal.aborted) break;
      if (!(error instanceof UserError)) throw error;
      errors.push(error);
    }
  }
  const text = written.length === 0 ? "Wrote no page" : `Wrote\n  ${written.join("\n  ")}`;
  const stopped = context.signal.aborted;
  return { summary: { files: written, failed: errors.length }, text, errors, stopped };
}

async function renderOne(context: Context, name: string, folder: string): Promise<string[]> {
  const { paths, study, studyPath, signal } = context;
  const notebook = await readNotebook(join(folder, `${name}.ipynb`));
  const outputs = await runCells(notebook, {
    name,
    folder: pathToFolderUrl(folder),
    data: paths.root,
    study: studyPath,
    limits: LIMITS,
    signal,
  });
  const html = page(notebook, outputs, {
    name,
    study: study.name,
    notice: study.notice,
    footer: [
      dataRange(paths),
      ...await labelSets(context.database, paths),
      `Made from ${name}.ipynb on ${now().toISOString().slice(0, 16).replace("T", " ")} UTC.`,
    ],
  });
  await Deno.mkdir(paths.reports(), { recursive: true });
  const files = [
    [join(paths.reports(), `${name}.html`), html],
    [join(paths.reports(), `${name}.ipynb`), withOutputs(notebook, outputs)],
  ] as const;
  for (const [path, text] of files) await replace(path, text);
  return files.map(([path]) => path);
}

function chosen(names: string[], folder: string): string[] {
  const known = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => /^\d\d-.+\.ipynb$/.test(name)).map((name) => basename(name, ".ipynb")).sort();
  const wanted = names.map((name) => basename(name, ".ipynb"));
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UserError(
      "run render",
      `there is no notebook ${JSON.stringify(unknown)}`,
      `The notebooks are ${known.join(", ")}`,
      { exitCode: EXIT.usage },
    );
  }
  return wanted.length > 0 ? [...new Set(wanted)] : known;
}

function dataRange(paths: DataPaths): string {
  const days = paths.files("posts").flatMap(({ day }) => day ?? []).sort();
  if (days.length === 0) return "There are no posts yet.";
  return `Posts of ${days[0]} to ${days.at(-1)} (UTC).`;
}

async function labelSets(database: Database, paths: DataPaths): Promise<string[]> {
  const files = paths.files("label_sets").map(({ path }) => path);
  const shown = await rows<{ classifier: string; codebook: string; label_set_id: string }>(
    database,
    `SELECT classifier, codebook, label_set_id FROM ${relation(LABEL_SETS, files)}
     WHERE is_shown ORDER BY classifier, label_set_id`,
  );
  return shown.map(({ classifier, codebook, label_set_id }) =>
    `Labels: ${classifier}${codebook ? ` ${codebook}` : ""}, label set ${label_set_id}.`
  );
}

/** Write a file beside its place and rename it, so that a reader sees the old or the new one. */
async function replace(path: string, text: string): Promise<void> {
  const beside = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  try {
    await Deno.writeTextFile(beside, text);
    await sync(beside);
    await Deno.rename(beside, path);
  } catch (cause) {
    await Deno.remove(beside).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    throw new UserError(
      `write ${path}`,
      describeError(cause),
      "Make room or mend the permissions, then run the task again",
      { cause },
    );
  }
}

function pathToFolderUrl(folder: string): string {
  return new URL("./", pathToFileURL(join(folder, "x"))).href;
}

if (import.meta.main) await main(command);
