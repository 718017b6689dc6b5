import { join } from "node:path";
import { creationTimes } from "./methods/creation_times.ts";
import { filteredPosts, labelledPosts } from "./methods/analysed_posts.ts";
import { replaceFile } from "./store/whole_file.ts";
import { collectedSources } from "./methods/collected_source.ts";
import { loadFilters } from "./filters/load_filters.ts";
import { flowDiagram } from "./methods/flow_diagram.ts";
import { lastRecheck } from "./deletion/last_recheck.ts";
import { flowStages } from "./methods/flow_stages.ts";
import { methodsPage } from "./methods/methods_page.ts";
import { now } from "./run/clock.ts";
import { type Command, type Context, type Outcome } from "./command/command.ts";
import { UserError } from "./run/error.ts";
import { takenBack } from "./methods/methods_facts.ts";
import { setAside } from "./methods/set_aside.ts";
import { taskRuns } from "./methods/task_runs.ts";
import { wholeFiles } from "./store/damage.ts";
import { warnOfStrays } from "./store/stray_file.ts";

/** The task `methods`. */
export const command: Command = {
  task: "methods",
  description:
    "Write the data statement of a paper: what was collected, filtered and labelled, with a flow diagram.\n\n" +
    "It writes methods.md and methods.svg to data/reports, from the present tables and ledgers.",
  options: [],
  examples: ["deno task methods"],
  run: methods,
};

async function methods(context: Context): Promise<Outcome> {
  const { paths, database, study } = context;
  warnOfStrays(context);
  const tables = ["raw", "posts", "labels", "label_sets", "coverage", "windows"];
  const { errors } = await wholeFilesOf(context, tables);
  // A statement that leaves out a damaged part would be wrong in every number.
  if (errors.length > 0) throw errors[0]!;
  // One that lacks a run says so; nobody has the row of a run a second time.
  const ledger = await wholeFilesOf(context, ["runs"]);
  for (const { found } of ledger.errors) context.warn(`a run is missing: ${found}`);
  const descriptions = await filterDescriptions(context);
  const facts = {
    study: study.name,
    notice: study.notice,
    written_at: now().toISOString(),
    after_deletion: study.after_deletion,
    feeds: study.sources.most_liked.feeds,
    filter_descriptions: descriptions,
    sources: await collectedSources(database, paths),
    set_aside: await setAside(database, ledger.whole, context.runId),
    posts: await filteredPosts(database, paths),
    creation_times: await creationTimes(database, paths.files("posts").map(({ path }) => path)),
    label_sets: await labelledPosts(database, paths),
    taken_back: await takenBack(database, paths),
    recheck: lastRecheck(paths),
    runs: await taskRuns(database, ledger.whole, context.runId),
    damaged_runs: ledger.errors.length,
  };
  const page = join(paths.reports(), "methods.md");
  const diagram = join(paths.reports(), "methods.svg");
  const title = `${study.name}: from collected to analysed posts`;
  const svg = flowDiagram(title, flowStages(facts));
  await replaceFile(diagram, (beside) => Deno.writeTextFile(beside, svg));
  await replaceFile(page, (beside) => Deno.writeTextFile(beside, methodsPage(facts)));
  const { sources, set_aside, posts, creation_times, label_sets, taken_back } = facts;
  const summary = {
    sources,
    set_aside,
    posts,
    creation_times,
    label_sets,
    taken_back,
    files: [page, diagram],
  };
  return { summary, text: `Wrote\n  ${page}\n  ${diagram}` };
}

/** Part the files of tables in whole ones and the errors of damaged ones. */
async function wholeFilesOf({ paths, database }: Context, tables: string[]) {
  const files = tables.flatMap((table) => paths.files(table)).map(({ path }) => path);
  const found = { whole: [] as string[], errors: [] as UserError[] };
  for (let from = 0; from < files.length; from += 200) {
    const some = files.slice(from, from + 200);
    const { whole, errors } = await wholeFiles(database, some, "state the methods");
    found.whole.push(...whole);
    found.errors.push(...errors);
  }
  return found;
}

/** Only the earlier version knows what a filter did that the study no longer names. */
async function filterDescriptions(context: Context): Promise<Record<string, string>> {
  try {
    const filters = await loadFilters(context.study, context.studyPath);
    return Object.fromEntries(
      filters.map(({ name, description, settings }) => [
        name,
        `${description} (${JSON.stringify(settings, withoutAccounts)})`,
      ]),
    );
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    context.warn(`${error.message}; the statement shows the filters without their settings`);
    return {};
  }
}

/** A statement is published, but the study's list of bots is not. */
function withoutAccounts(key: string, value: unknown): unknown {
  return key === "accounts" && Array.isArray(value) ? `${value.length} accounts` : value;
}
