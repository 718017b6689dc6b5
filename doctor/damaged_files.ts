import { dirname } from "node:path";
import type { UserError } from "../etl/run/error.ts";
import { readableFiles, wholeFiles } from "../etl/store/damage.ts";
import type { PartitionFile } from "../etl/store/paths.ts";
import { type Examination, size } from "./examination.ts";
import { type Finding, note, ok, problem, warning } from "./finding.ts";
import { isWithin } from "./mount.ts";

/** What the newest tables may take to be read in full, and files whose ends are read at once. */
const [READ_BYTES, AT_ONCE] = [256e6, 500];
/** Reading the ends of a year's files takes minutes on some file systems. */
const LONGEST_MS = 20_000;
const DOING = "read";

/**
 * Look for files that are damaged: the ends of all tables, newest first, every value of the newest, and
 * the small JSON files that runs start from.
 */
export async function damagedFiles(examination: Examination): Promise<Finding[]> {
  const { database, files, paths } = examination;
  // A task that writes one puts it in its place whole.
  const named = files().filter(({ path }) => !isWithin(path, paths.reports()));
  const exports = paths.exports();
  // What has no day is state that runs start from, but for exports, which no run reads.
  const order = ({ path, day = "9" }: PartitionFile) => isWithin(path, exports) ? "" : day;
  const tables = named.filter(({ path }) => path.endsWith(".parquet"))
    .toSorted((a, b) => order(a) < order(b) ? 1 : -1).map(({ path }) => path);
  const errors: UserError[] = [];
  const newest = await newestWithin(tables, READ_BYTES);
  for (const [, files] of Map.groupBy(newest.paths, tableOf)) {
    errors.push(...(await wholeFiles(database, files, DOING)).errors);
  }
  const started = performance.now();
  let looked = newest.paths.length;
  while (looked < tables.length && performance.now() - started < LONGEST_MS) {
    const some = tables.slice(looked, looked + AT_ONCE);
    errors.push(...(await readableFiles(database, some, DOING)).errors);
    looked += some.length;
  }
  const findings = errors.filter(({ message }) => isThere(message, tables)).map((error) =>
    ofError(error, exports)
  );
  findings.push(
    ...brokenJson(named.map(({ path }) => path).filter((path) => isState(path, paths.root))),
  );
  if (looked < tables.length) {
    findings.push(note(
      `of ${tables.length} files only the newest ${looked} were looked at, for want of time`,
      "deno task status looks at all of them",
    ));
  }
  const whole = `${tables.length} files are whole at their ends, the newest ${
    size(newest.bytes)
  } in every value`;
  return findings.length > 0 ? findings : [ok(whole)];
}

/** Give the folder above the partitions: files of one table are read together. */
function tableOf(path: string): string {
  return dirname(path).replace(/\/date=[^/]*$/, "");
}

function ofError(error: UserError, exports: string): Finding {
  const say = error.message.includes(exports) ? warning : problem;
  return say(error.found, error.remedy);
}

/** A file that another task replaced meanwhile is not damaged. */
function isThere(message: string, tables: string[]): boolean {
  const path = tables.find((table) => message.includes(table));
  try {
    return path === undefined || Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function newestWithin(
  tables: string[],
  most: number,
): Promise<{ paths: string[]; bytes: number }> {
  const paths: string[] = [];
  let bytes = 0;
  for (const path of tables) {
    const stat = await Deno.stat(path).catch(() => undefined);
    if (bytes + (stat?.size ?? 0) > most) break;
    bytes += stat?.size ?? 0;
    paths.push(path);
  }
  return { paths, bytes };
}

/** Samples, panels and rechecks begin from a JSON file; those of batches have a check of their own. */
function isState(path: string, root: string): boolean {
  const folder = dirname(path).slice(root.length + 1).split("/")[0]!;
  return path.endsWith(".json") && !path.endsWith("/.bluesky_session.json") &&
    ["", "samples", "panels"].includes(folder);
}

function brokenJson(paths: string[]): Finding[] {
  return paths.flatMap((path) => {
    try {
      JSON.parse(Deno.readTextFileSync(path));
      return [];
    } catch (error) {
      if (!(error instanceof SyntaxError)) return [];
      return [
        problem(`the file ${path} is damaged (it is no JSON)`, "Put back a copy from a backup"),
      ];
    }
  });
}
