import { dirname } from "node:path";
import type { UserError } from "../run/error.ts";
import { readableFiles, wholeFiles } from "../store/damage.ts";
import type { Database } from "../store/duckdb.ts";
import type { PartitionFile } from "../store/paths.ts";
import type { Examination } from "./examination.ts";
import { type Finding, note, ok, problem, warning } from "./finding.ts";
import { isWithin } from "./mount.ts";

/** What the newest tables may take to be read in full, and how many are read at once. */
const [READ_BYTES, AT_ONCE] = [256e6, 100];
/** How long either way of looking may take; a year's files are many, and some file systems slow. */
const LONGEST_MS = 15_000;
/** The last bytes of every Parquet file. */
const MAGIC = "PAR1";

/**
 * Look for files that are damaged: every value of the newest tables, the ends of all others, newest
 * first, and the small JSON files that runs start from. `readBytes` are read in full at most.
 */
export async function damagedFiles(
  { database, files, paths }: Examination,
  readBytes = READ_BYTES,
): Promise<Finding[]> {
  // No task reads what is rendered.
  const named = files().filter(({ path }) => !isWithin(path, paths.reports()));
  const exports = paths.exports();
  // What has no day is state that runs start from, but for exports, which no run reads.
  const order = ({ path, day = "9" }: PartitionFile) => isWithin(path, exports) ? "" : day;
  const tables = named.filter(({ path }) => path.endsWith(".parquet"))
    .toSorted((a, b) => order(a) < order(b) ? 1 : -1).map(({ path }) => path);
  const read = await readWhole(database, tables, readBytes);
  const { looked, cut } = await cutFiles(tables.slice(read.looked));
  const errors = [...read.errors, ...(await readableFiles(database, cut, "read")).errors];
  const findings = errors.filter(({ message }) => isThere(message, tables)).map((error) =>
    ofError(error, exports)
  );
  findings.push(
    ...brokenJson(named.map(({ path }) => path).filter((path) => isState(path, paths.root))),
  );
  if (read.looked + looked < tables.length) {
    findings.push(note(
      `of ${tables.length} files only the newest ${
        read.looked + looked
      } were looked at, for want of time`,
      "deno task status looks at all of them",
    ));
  }
  const whole =
    `${tables.length} files are whole at their ends, the newest ${read.looked} in every value`;
  return findings.length > 0 ? findings : [ok(whole)];
}

/** Read every value of the first tables, for as long and as much as that may take. */
async function readWhole(
  database: Database,
  tables: string[],
  most: number,
): Promise<{ looked: number; errors: UserError[] }> {
  const started = performance.now();
  const errors: UserError[] = [];
  let [looked, bytes] = [0, 0];
  while (looked < tables.length && bytes < most && performance.now() - started < LONGEST_MS) {
    const some: string[] = [];
    while (looked < tables.length && some.length < AT_ONCE && bytes < most) {
      const path = tables[looked++]!;
      bytes += (await Deno.stat(path).catch(() => undefined))?.size ?? 0;
      some.push(path);
    }
    for (const [, files] of Map.groupBy(some, tableOf)) {
      errors.push(...(await wholeFiles(database, files, "read")).errors);
    }
  }
  return { looked, errors };
}

/** Give those of some tables that do not end as Parquet does, and how many there was time for. */
async function cutFiles(tables: string[]): Promise<{ looked: number; cut: string[] }> {
  const started = performance.now();
  const cut: string[] = [];
  let looked = 0;
  while (looked < tables.length && performance.now() - started < LONGEST_MS) {
    const some = tables.slice(looked, looked + AT_ONCE);
    const ends = await Promise.all(some.map(endsAsParquet));
    cut.push(...some.filter((_, index) => !ends[index]));
    looked += some.length;
  }
  return { looked, cut };
}

async function endsAsParquet(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    await file.seek(-MAGIC.length, Deno.SeekMode.End);
    const bytes = new Uint8Array(MAGIC.length);
    await file.read(bytes);
    return new TextDecoder().decode(bytes) === MAGIC;
  } catch {
    // Whatever keeps it from being read is found when it is read.
    return false;
  }
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
