/** Renders notebooks in the process of the test and reads what came of it. */
import type { Context, Outcome } from "../../etl/command/command.ts";
import { readStudy } from "../../etl/study/study.ts";
import { openDatabase } from "../../etl/store/duckdb.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { render } from "../../notebooks/render.ts";
import type { notebookOf } from "./cells.ts";
import { SHIPPED_STUDY } from "../shipped_study.ts";

export interface RenderOptions {
  /** All of the folder where none is named. */
  names?: string[];
  given?: Record<string, string>;
  study?: string;
}

/** Render notebooks of a folder; gives the outcome and what it warned of. */
export async function renderIn(
  data: string,
  folder: string,
  { names = [], given = {}, study = SHIPPED_STUDY }: RenderOptions = {},
): Promise<Outcome & { warnings: string[] }> {
  using database = await openDatabase(data);
  const warnings: string[] = [];
  const context: Context = {
    paths: new DataPaths(data),
    study: readStudy(study),
    studyPath: study,
    database,
    progress: { update() {} } as unknown as Context["progress"],
    signal: new AbortController().signal,
    runId: "test",
    warn: (text) => warnings.push(text),
  };
  const outcome = await render(context, names, folder, new Map(Object.entries(given)));
  return { ...outcome, warnings };
}

/** Read a page and its notebook by their path without the ending. */
export async function readPage(
  path: string,
): Promise<{ html: string; notebook: ReturnType<typeof notebookOf> }> {
  return {
    html: await Deno.readTextFile(`${path}.html`),
    notebook: JSON.parse(await Deno.readTextFile(`${path}.ipynb`)),
  };
}

/** Give the texts of the pictures on a page. */
export function picturesOf(html: string): string[] {
  return [...html.matchAll(/data:image\/svg\+xml;base64,([\w+/=]+)/g)]
    .map(([, text]) => new TextDecoder().decode(Uint8Array.fromBase64(text!)));
}
