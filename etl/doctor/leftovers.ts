import { basename, relative } from "node:path";
import { duration } from "../run/duration.ts";
import { type Examination, size } from "./examination.ts";
import { type Finding, note, ok, warning } from "./finding.ts";
import { isWithin } from "./mount.ts";

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
/** The task that lands the journal of a source, where that is not `sync:<source>`. */
const LANDED_BY: Record<string, string> = {
  most_liked: "sync:most-liked",
  counts: "sync:most-liked",
  context: "classify:sociopolitical or classify:attributes",
  import: "import, with any file",
};

interface Leftover {
  path: string;
  bytes: number;
  ageMs: number;
}

/** Look for what was received or paid for and is not in the tables yet. */
export async function unlanded({ paths, files }: Examination): Promise<Finding[]> {
  const folders = [
    ...paths.names("journal").map((source) => ({
      folder: paths.journal(source),
      what: `received from ${source}`,
      task: LANDED_BY[source] ?? `sync:${source}`,
    })),
    ...paths.names("answers").flatMap((classifier) =>
      paths.names(`answers/${classifier}`).map((id) => ({
        folder: paths.answers(classifier, id),
        what: `answered about ${classifier}`,
        task: `classify:${classifier}`,
      }))
    ),
  ];
  const lines = files().map(({ path }) => path).filter((path) => path.endsWith(".jsonl"));
  const findings: Finding[] = [];
  for (const { folder, what, task } of folders) {
    const left = await old(lines.filter((path) => isWithin(path, folder)));
    if (left.length === 0) continue;
    const age = Math.max(...left.map(({ ageMs }) => ageMs));
    const say = age > DAY_MS ? warning : note;
    findings.push(say(
      `${describe(left)} of what was ${what} is not in the tables yet, the oldest ${
        duration(age)
      } old`,
      `Nothing is lost: run deno task ${task}, which lands it first`,
    ));
  }
  return findings.length > 0 ? findings : [ok("what was received is in the tables")];
}

/** Look for files that killed runs left half-written, and for what they spilled. */
export async function halfWritten({ paths, files }: Examination): Promise<Finding[]> {
  const all = files().map(({ path }) => path);
  const parts = await old(all.filter((path) => path.endsWith(".part")));
  const spills = await old(all.filter((path) => relative(paths.root, path).startsWith("tmp-")));
  const findings: Finding[] = [];
  if (parts.length > 0) {
    const folders = new Set(parts.map(({ path }) => relative(paths.root, path).split("/")[0]!));
    findings.push(note(
      `${describe(parts)} are half-written, in ${[...folders].map(nameOf).toSorted().join(", ")}`,
      "No task reads them. preprocess, aggregate and classify remove their own when they next write the " +
        "same day; remove others (*.part) while nothing runs",
    ));
  }
  if (spills.length > 0) {
    findings.push(note(
      `${describe(spills)} were spilled by runs (tmp-<host>-…)`,
      "The next task on the same host removes what dead runs left; remove those of other hosts while " +
        "nothing runs there",
    ));
  }
  return findings.length > 0 ? findings : [ok("no run left half-written files")];
}

/** Those that nobody has written to for an hour, as whoever is at work would. */
async function old(paths: string[]): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const path of paths) {
    const stat = await Deno.stat(path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    const ageMs = Date.now() - (stat?.mtime?.getTime() ?? Date.now());
    if (stat !== undefined && ageMs > HOUR_MS) found.push({ path, bytes: stat.size, ageMs });
  }
  return found;
}

function describe(left: Leftover[]): string {
  const bytes = left.reduce((sum, it) => sum + it.bytes, 0);
  return `${left.length} ${left.length === 1 ? "file" : "files"} (${size(bytes)})`;
}

/** A file beside the tables stands for itself. */
function nameOf(folder: string): string {
  return folder.endsWith(".part") ? basename(folder).split(".part")[0]! : folder;
}
