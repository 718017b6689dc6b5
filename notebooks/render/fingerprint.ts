import { createHash } from "node:crypto";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { DataPaths } from "../../etl/store/paths.ts";
import type { Notebook } from "./notebook.ts";
import { VIEWED_FOLDERS } from "../query/views.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Files whose contents have been put into one hash. */
export interface Fingerprint {
  /** The first 16 hexadecimal digits of a SHA-256. */
  hash: string;
  files: number;
}

/**
 * Hash the files that the views read, by their place in the data folder and their contents.
 *
 * The ledger of runs is left out: the very run that asks stands in it.
 */
export async function dataFingerprint(paths: DataPaths): Promise<Fingerprint> {
  const files = VIEWED_FOLDERS.filter((folder) => folder !== "runs")
    .flatMap((folder) => paths.files(folder)).map(({ path }) => path);
  return await fingerprint(files, paths.root);
}

/** Hash what makes a page of the data: the modules, their dependencies and the study. */
export async function codeFingerprint(study: string): Promise<Fingerprint> {
  const files = ["etl", "notebooks"].flatMap((folder) => sources(join(ROOT, folder)));
  return await fingerprint(
    [...files, join(ROOT, "deno.json"), join(ROOT, "deno.lock")],
    ROOT,
    study,
  );
}

/** Hash the sources of the cells of a notebook. */
export function notebookHash({ cells }: Notebook): string {
  const sources = cells.map(({ cell_type, source }) => [cell_type, source]);
  return shortened(createHash("sha256").update(JSON.stringify(sources)));
}

async function fingerprint(files: string[], root: string, other?: string): Promise<Fingerprint> {
  const all = createHash("sha256");
  const add = async (name: string, path: string) => {
    const one = createHash("sha256");
    for await (const chunk of (await Deno.open(path)).readable) one.update(chunk);
    all.update(`${name}\0${one.digest("hex")}\n`);
  };
  for (const path of files.toSorted()) await add(relative(root, path).replaceAll("\\", "/"), path);
  if (other !== undefined) await add(basename(other), other);
  return { hash: shortened(all), files: files.length + (other === undefined ? 0 : 1) };
}

function sources(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return sources(path);
    return /\.(ts|sql)$/.test(name) ? [path] : [];
  });
}

function shortened(hash: ReturnType<typeof createHash>): string {
  return hash.digest("hex").slice(0, 16);
}
