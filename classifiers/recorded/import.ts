import { basename, resolve } from "node:path";
import { z } from "zod";
import { enterLabelSet, type LabelSet, labelSetId } from "../../etl/labels/label_set.ts";
import { now, utcDay } from "../../etl/run/clock.ts";
import { type Command, type Context, type Outcome } from "../../etl/command/command.ts";
import { EXIT, UserError } from "../../etl/run/error.ts";
import { checkSection } from "../../etl/study/section.ts";
import type { ScoreTable } from "../../etl/import/imported_scores.ts";
import { nothingLanded } from "../../etl/import/nothing_landed.ts";
import { DESCRIPTION, importPosts } from "../../etl/import/posts_file.ts";
import { firstDamage } from "../../etl/store/damage.ts";
import { lock } from "../../etl/store/lock.ts";
import { Quarantine } from "../../etl/store/quarantine.ts";
import { COLUMNS } from "../clients/comment_analyzer_attributes.ts";
import { CodebookName, codebookPath } from "../codebooks/codebook_path.ts";
import {
  hashSociopolitical,
  hashSynonyms,
  readSociopolitical,
} from "../codebooks/sociopolitical_codebook.ts";
import { PromptFrame } from "./prompt_frame.ts";
import { recordedLines } from "./recorded_lines.ts";
import { type LandedReplies, RecordedReplies } from "./recorded_replies.ts";

/** Raised when the same recorded reply begins to be read as another label. */
const VERSION = "recorded-1";
const SOURCE = "import";
const CODEBOOK = "us_politics";
/** The classifier whose scores a CSV file may hold. */
const SCORES: ScoreTable = { classifier: "perspective", columns: COLUMNS };

interface Options {
  labels?: string[];
  coder?: string;
  as?: string;
}

/** The study's setting of the codebook; the classifier itself checks the rest. */
const Settings = z.looseObject({ codebook: CodebookName.default(CODEBOOK) });

/** The task `import`: CSV files, or recorded replies of a language model. */
export const command: Command = {
  ...DESCRIPTION,
  description: `${DESCRIPTION.description}\n\n` +
    "A .jsonl file holds recorded replies of a language model, one per line with uri, prompt and reply.\n" +
    "They become a label set of labels/sociopolitical, named by --as and read with the codebook of\n" +
    "study.yaml. Their posts must exist already: import them, then run deno task preprocess.",
  arguments: [{
    name: "<file>",
    description: "CSV file with a header line, or .jsonl file, in UTF-8",
  }],
  examples: [
    ...DESCRIPTION.examples,
    "deno task import replies.jsonl --as llama3_70b",
  ],
  run: (context, options: Options, ...files) =>
    /\.jsonl$/i.test(files[0]!)
      ? importReplies(context, options, resolve(files[0]!))
      : importPosts(context, options, resolve(files[0]!), SCORES),
};

async function importReplies(context: Context, options: Options, path: string): Promise<Outcome> {
  const { paths, database, study, progress, signal } = context;
  const name = await checkUsage(options, path);
  const where = `${context.studyPath} (classifiers.sociopolitical)`;
  const settings = checkSection(Settings, study.classifiers.sociopolitical ?? {}, where);
  const codebook = await readSociopolitical(codebookPath(settings.codebook, context.studyPath));
  await using _lock = await lock(paths.locks(), `sync-${SOURCE}`, `import ${path}`);
  const posts = paths.files("posts").map((file) => file.path);
  if (posts.length === 0) {
    throw refused(path, "there are no posts yet", "Import them, then run deno task preprocess");
  }
  const damaged = await firstDamage(database, posts, `import ${path}`);
  if (damaged) throw damaged;
  const quarantine = new Quarantine(paths, SOURCE);
  const file = basename(path);
  const frame = new PromptFrame();
  const replies = await RecordedReplies.open(database, codebook.sociopolitical);
  let read = 0;
  for await (const found of recordedLines(path)) {
    if (signal.aborted) {
      return { summary: { lines: read }, text: "Imported nothing", stopped: true };
    }
    read++;
    const { line, raw } = found;
    if ("reason" in found) {
      quarantine.add(found.reason, { file, line }, raw);
      continue;
    }
    frame.take(found.said.prompt);
    replies.take(line, raw, found.said);
    progress.update(() => `${read} lines read`);
  }
  const { aside, repeated } = await replies.findPosts(paths);
  for (const { line, uri, raw, why } of aside) quarantine.add(why, { file, line, uri }, raw);
  const set: LabelSet = {
    classifier: "sociopolitical",
    classifier_version: VERSION,
    // The file does not name its model; the name does.
    model: null,
    codebook: codebook.head.name,
    codebook_hash: hashSociopolitical(codebook),
    prompt_hash: frame.hash(),
    parameters: { imported_as: name, synonyms: hashSynonyms(codebook.sociopolitical) },
  };
  const landed = await replies.land(context, set);
  const isEmpty = landed.labelled + total(landed.failed) === 0;
  if (!isEmpty) await enterLabelSet(database, paths, study, set);
  await quarantine.commit();
  const summary = {
    lines: read,
    label_set_id: isEmpty ? null : labelSetId(set),
    codebook: codebook.head.name,
    ...landed,
    repeated_lines: repeated,
    set_aside: quarantine.counts,
  };
  const asidePath = paths.quarantine(SOURCE, utcDay(now()));
  const errors = nothingLanded(path, quarantine, read, asidePath, "lines");
  return { summary, text: describe(summary, asidePath), errors };
}

/** Give the name of the label set; throws a usage error where the file or an option is wrong. */
async function checkUsage({ as, labels, coder }: Options, path: string): Promise<string> {
  const name = as?.trim() ?? "";
  if (name === "") {
    throw refused(
      path,
      "recorded replies need a name for their label set",
      "Say which model and prompt gave them, such as --as llama3_70b_with_context",
    );
  }
  if (labels !== undefined || coder !== undefined) {
    throw refused(path, "--labels and --coder are for CSV files", "Leave them out");
  }
  const stat = await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (stat?.isFile) return name;
  throw refused(path, stat ? "it is not a file" : "there is no such file", "Name a .jsonl file");
}

function refused(path: string, found: string, remedy: string): UserError {
  return new UserError(`import ${path}`, found, remedy, { exitCode: EXIT.usage });
}

function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function describe(
  summary: LandedReplies & {
    lines: number;
    label_set_id: string | null;
    codebook: string;
    repeated_lines: number;
    set_aside: Record<string, number>;
  },
  asidePath: string,
): string {
  const list = (counts: Record<string, number>) =>
    Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(", ");
  const aside = list(summary.set_aside);
  return [
    `Imported ${summary.labelled} labels of ${summary.lines} recorded replies, by the codebook ${summary.codebook}`,
    `  label set ${summary.label_set_id ?? "none"}`,
    `  sociopolitical: ${summary.sociopolitical} (${list(summary.lean) || "none"})`,
    `  not labelled: ${list(summary.failed) || "none"}`,
    `  here before: ${summary.here_before}` +
    (summary.kept_other > 0
      ? `, ${summary.kept_other} of them with another reply: those labels stay as they are`
      : ""),
    `  lines that repeat another: ${summary.repeated_lines}`,
    `  set aside: ${aside ? `${aside} (see ${asidePath})` : "nothing"}`,
  ].join("\n");
}
