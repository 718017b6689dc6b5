import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Command, type Context, type Outcome } from "../etl/command/command.ts";
import { EXIT, UserError } from "../etl/run/error.ts";
import { checkDays } from "../etl/run/option.ts";
import { replaceText } from "../etl/store/whole_file.ts";
import { runCells } from "./render/cell_run.ts";
import { asDamage } from "./render/damaged_data.ts";
import { type Notebook, readNotebook, withOutputs } from "./render/notebook.ts";
import { assignment, parametersOf, withParameters } from "./render/notebook_parameter.ts";
import { fetchPackages } from "./render/packages.ts";
import { page } from "./render/page.ts";
import { dataLines, notebookLines } from "./render/page_footer.ts";

/**
 * Who is not done by then has a query that never ends: a million posts take four minutes on a machine
 * with seven times as much other work as cores. A page of that size opens nowhere.
 */
const LIMITS = { ms: 600_000, memory: 4e9, output: 3e7 };

const FOLDER = new URL("./", import.meta.url);

/** The task `render`. */
export const command: Command = {
  task: "render",
  description:
    "Run notebooks and write each as a page and a notebook with outputs to data/reports.",
  arguments: [{
    name: "[notebooks...]",
    description: "names such as 01-overview (default: all)",
  }],
  options: [{
    flags: "--set <name=value>",
    description: "set a parameter of the first code cell; may be repeated",
    parse: assignment,
  }],
  examples: [
    "deno task render",
    "deno task render 01-overview --data data/demo",
    "deno task render 03-perspective-attributes --set since=2026-06-01 --set threshold=0.8",
  ],
  run: (context, { set }, ...names) => render(context, names, fileURLToPath(FOLDER), set),
};

/**
 * The task `render`: run notebooks of a folder and write `<name>.html` and `<name>.ipynb` for each.
 *
 * `given` are values for parameters; a notebook that lacks one runs without it, and is warned of. One
 * that fails leaves its files of before and stops no other; its error stands in the outcome. Throws a
 * usage error for a name without a notebook, and for a parameter that none has or that is of another
 * type.
 */
export async function render(
  context: Context,
  names: string[],
  folder: string,
  given: Map<string, string> = new Map(),
): Promise<Outcome> {
  if (/[*?[\]{}]/.test(context.paths.root)) {
    throw new UserError(
      "run render",
      `the path ${context.paths.root} has characters that DuckDB takes for a pattern`,
      "Move or link the data to a folder without * ? [ ] { } in its path",
      { exitCode: EXIT.usage },
    );
  }
  const errors: UserError[] = [];
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (context.signal.aborted) return;
      if (!(error instanceof UserError) || error.exitCode === EXIT.usage) throw error;
      errors.push(await asDamage(error, context));
    }
  };
  const notebooks = new Map<string, Notebook>();
  for (const name of chosen(names, folder)) {
    await attempt(async () => {
      notebooks.set(name, await readNotebook(join(folder, `${name}.ipynb`)));
    });
  }
  setParameters(context, notebooks, given);
  const footer = await dataLines(context);
  const written: string[] = [];
  for (const [name, notebook] of notebooks) {
    if (context.signal.aborted) break;
    context.progress.update(() => `render: ${name}`);
    await attempt(async () => {
      const run = {
        name,
        notebook,
        folder,
        footer: [...footer, ...notebookLines(name, notebook, given)],
      };
      written.push(...await renderOne(context, run));
    });
  }
  const text = written.length === 0 ? "Wrote no page" : `Wrote\n  ${written.join("\n  ")}`;
  const stopped = context.signal.aborted;
  return { summary: { files: written, failed: errors.length }, text, errors, stopped };
}

interface NotebookRun {
  name: string;
  notebook: Notebook;
  folder: string;
  footer: string[];
}

async function renderOne(context: Context, run: NotebookRun): Promise<string[]> {
  const { paths, study, studyPath, signal } = context;
  const { name, notebook, footer } = run;
  await fetchPackages(notebook, name);
  const outputs = await runCells(notebook, {
    name,
    folder: pathToFolderUrl(run.folder),
    data: paths.root,
    study: studyPath,
    limits: LIMITS,
    signal,
  });
  const html = page(notebook, outputs, { name, study: study.name, notice: study.notice, footer });
  await Deno.mkdir(paths.reports(), { recursive: true });
  const files = [
    [join(paths.reports(), `${name}.html`), html],
    [join(paths.reports(), `${name}.ipynb`), withOutputs(notebook, outputs)],
  ] as const;
  for (const [path, text] of files) await replaceText(path, text);
  return files.map(([path]) => path);
}

/** Put the values that are given into the notebooks. */
function setParameters(
  context: Context,
  notebooks: Map<string, Notebook>,
  given: Map<string, string>,
): void {
  const known = [...notebooks].map(([name, notebook]) => ({
    name,
    parameters: parametersOf(notebook),
  }));
  const has = (name: string) =>
    known.filter(({ parameters }) => parameters.some((parameter) => parameter.name === name)).map((
      { name },
    ) => name);
  for (const name of given.keys()) {
    const owners = has(name);
    if (owners.length === 0) {
      const all = known.map(({ name, parameters }) =>
        `${name}: ${parameters.map(({ name, type }) => `${name} (${type})`).join(", ") || "none"}`
      );
      throw new UserError(
        "run render",
        `there is no parameter ${JSON.stringify(name)}`,
        `The parameters are ${all.join("; ")}`,
        { exitCode: EXIT.usage },
      );
    }
    for (const other of [...notebooks.keys()].filter((one) => !owners.includes(one))) {
      context.warn(`${other} has no parameter ${name} and is made without it`);
    }
  }
  for (const [name, notebook] of notebooks) notebooks.set(name, withParameters(notebook, given));
  const [since, until] = ["since", "until"].map((name) =>
    /^\d/.test(given.get(name) ?? "") ? given.get(name) : undefined
  );
  checkDays("render", { since, until }, { since: "since", until: "--set until:" });
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

function pathToFolderUrl(folder: string): string {
  return new URL("./", pathToFileURL(join(folder, "x"))).href;
}
