/** Holds the documents to the code: their commands run, their options and links are there. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { readAttributes } from "../../classifiers/codebooks/attribute_codebook.ts";
import { readDictionary } from "../../classifiers/codebooks/codebook.ts";
import { studySettings } from "../../classifiers/checks/study_settings.ts";
import type { Examination } from "../../etl/doctor/examination.ts";
import { loadCommand } from "../../main.ts";
import { readStudy } from "../../etl/study/study.ts";
import { ROOT } from "../task.ts";
import { withData } from "../rows.ts";
import { type Block, commandsOf, type Document, DOCUMENTS, linksOf } from "./document.ts";
import { StudyTree } from "./study_tree.ts";
import { SHIPPED_STUDY } from "../shipped_study.ts";

/** What a block may say that it needs; it is not run then. */
const NEEDS = [
  "network",
  "cron",
  "a cluster",
  "another disk",
  "another program",
  "what is added above", // contributing_test.ts adds it
];
/**
 * What may run in a copy of the tree: tasks, but for those that change the machine or what lies
 * elsewhere on it, and copying.
 */
const HARMLESS = /^(?!.* (--install|--remove|\/|~))((\w+=\S+ )*deno task |cp )/;
/** Commands that another test runs. */
const ELSEWHERE: Record<string, string> = {
  "deno task demo": "tests/crash/demo_crash.ts",
  "deno task render": "tests/crash/demo_crash.ts",
  "deno task test": "this is one",
  "deno task ok": "this is a part of it",
};
/** What stands for something else here. */
const INSTEAD: [RegExp, string][] = [
  // Ten minutes are long; the sample is there in a moment.
  [/--for 10m\b/, "--for 2s"],
  [/http:\/\/127\.0\.0\.1:8000/, "$GROQ_BASE_URL"],
];

const TASKS: Record<string, unknown> = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")))
  .tasks;
const EVERYWHERE = ["--data", "--study", "--json", "--help"];

/** Give the options of a task, those of its own first; none for tasks that are no command of ours. */
async function optionsOf(task: string): Promise<string[]> {
  // It runs as soon as it is imported.
  if (task === "bench") {
    return Deno.readTextFileSync(join(ROOT, "tests/bench/main.ts")).match(/(?<=")--[\w-]+/g)!;
  }
  const command = await loadCommand(task);
  if (command === undefined) return [];
  const own = command.options.flatMap(({ flags }) => flags.match(/--[\w-]+/g) ?? []);
  return [...own, ...EVERYWHERE];
}

/** Give each task with the options that stand behind it, wherever a text names one. */
function namedTasks(text: string): { task: string; options: string[] }[] {
  const known = Object.keys(TASKS).join("|");
  const inCode = new RegExp(`\`(${known})((?: [^\`]*)?)\``, "g");
  const typed = /\bdeno task (?:-q )?([a-z][\w:-]*)([^`\n|;&>#]*)/g;
  return [...text.replaceAll(/\\\n\s*/g, "").matchAll(typed), ...text.matchAll(inCode)]
    .map(([, task, rest]) => ({
      task: task!,
      options: rest!.replaceAll(/"[^"]*"/g, "").match(/(?<=\s)--[a-z][\w-]*/g) ?? [],
    }));
}

Deno.test("every task that a document names is there, with the options that stand behind it", async () => {
  const options = new Map<string, string[]>();
  for (const task of Object.keys(TASKS)) options.set(task, await optionsOf(task));
  let checked = 0;
  for (const { path, text } of DOCUMENTS) {
    for (const { task, options: named } of namedTasks(text)) {
      // What «Add a source» adds.
      if (path === "CONTRIBUTING.md" && !(task in TASKS) && isAdded(task, text)) continue;
      assert.ok(task in TASKS, `${path}: there is no task ${task}`);
      for (const name of named) {
        checked++;
        assert.ok(options.get(task)!.includes(name), `${path}: ${task} has no ${name}`);
      }
    }
    const all = new Set([...options.values()].flat());
    for (const [row, task] of text.matchAll(/^\| `([a-z][\w:-]*)[^`]*` +\|.*$/gm)) {
      if (!(task! in TASKS)) continue;
      for (const [, name] of row.matchAll(/`(--[a-z][\w-]*)/g)) {
        checked++;
        assert.ok(options.get(task!)!.includes(name!), `${path}: ${task} has no ${name}`);
      }
    }
    for (const [, name] of text.matchAll(/`(--[a-z][\w-]*)[^`]*`/g)) {
      if (FOREIGN.includes(name!)) continue;
      assert.ok(all.has(name!), `${path}: no task has ${name}`);
    }
  }
  assert.ok(checked > 40, `${checked} options were looked at`);
});

/** Options of other programs. */
const FOREIGN = [
  ...["--max-model-len", "--ctx-size", "--parallel", "--tensor-parallel-size"],
  ...["--allow-net", "--allow-env", "--update", "--delete"],
  ...["--mem", "--nodelist", "--requeue"],
];

function isAdded(task: string, text: string): boolean {
  return text.includes(`=> "${task}":`);
}

Deno.test("every link of a document leads to a file, and its anchor to a heading", () => {
  const here = new Map(DOCUMENTS.map((document) => [document.path, document]));
  let checked = 0;
  for (const document of DOCUMENTS) {
    for (const { path, anchor, alt } of linksOf(document)) {
      checked++;
      assert.ok(exists(path), `${document.path} leads to ${path}, which is not there`);
      if (alt !== undefined) assert.ok(alt.length > 20, `${document.path}: what shows ${path}?`);
      if (anchor === undefined) continue;
      const target: Document | undefined = here.get(path);
      assert.ok(target?.anchors.has(anchor), `${document.path}: ${path} has no #${anchor}`);
    }
  }
  assert.ok(checked > 60, `${checked} links were looked at`);
});

function exists(path: string): boolean {
  try {
    Deno.statSync(join(ROOT, path));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Give the study with a part of it replaced, as its reader would. */
// deno-lint-ignore no-explicit-any
function merged(study: any, part: any): any {
  if (part === null || typeof part !== "object" || Array.isArray(part)) return part;
  const keys = Object.entries(part).map(([key, value]) => [key, merged(study?.[key], value)]);
  return { ...study, ...Object.fromEntries(keys) };
}

Deno.test("every YAML block is a codebook, or a part of study.yaml as its schema has it", () =>
  withData(async (folder) => {
    const path = join(folder, "study.yaml");
    const study = parse(await Deno.readTextFile(SHIPPED_STUDY));
    await Deno.copyFile(
      join(ROOT, "classifiers/codebooks/us_politics.yaml"),
      join(folder, "my_codebook.yaml"),
    );
    let checked = 0;
    for (const { path: document, blocks } of DOCUMENTS) {
      for (const { language, text, line, mark } of blocks) {
        // Those are put into files and run by contributing_test.ts.
        if (language !== "yaml" || mark?.startsWith("after in ")) continue;
        checked++;
        const where = `${document}:${line}`;
        const value = parse(text);
        if (value.dictionary !== undefined || value.attributes !== undefined) {
          await Deno.writeTextFile(join(folder, "codebook.yaml"), text);
          const read = value.dictionary === undefined ? readAttributes : readDictionary;
          await read(join(folder, "codebook.yaml"));
          continue;
        }
        await Deno.writeTextFile(path, stringify(merged(study, value)));
        const examination = { study: readStudy(path), studyPath: path } as Examination;
        const findings = await studySettings(examination);
        const wrong = findings.filter(({ level }) => level === "problem");
        assert.deepEqual(wrong, [], where);
      }
    }
    assert.ok(checked >= 3, `${checked} blocks were looked at`);
  }));

/** Give the blocks whose commands run here. */
function isRun({ mark }: Block): boolean {
  return !mark?.startsWith("needs: ");
}

Deno.test("every command of a document runs, in order, but for those that need more than this machine", async () => {
  const marks = DOCUMENTS.flatMap(({ blocks }) => blocks).flatMap(({ mark }) =>
    /^needs: (.+)$/.exec(mark ?? "")?.[1] ?? []
  );
  for (const need of marks) assert.ok(NEEDS.includes(need), `nobody knows of «${need}»`);
  const typed = DOCUMENTS.flatMap(({ path, blocks }) =>
    blocks.filter(isRun).flatMap((block) =>
      commandsOf(block).map((command) => {
        assert.match(command, HARMLESS, `${path}:${block.line} does not say what it needs`);
        return command;
      })
    )
  );
  // One that stands in two documents is run once.
  const commands = [...new Set(typed)].filter((command) => !(command in ELSEWHERE));
  assert.ok(commands.length > 15, `${commands.length} commands were found`);
  const tree = await StudyTree.start();
  try {
    // At the limits of a free account this would take minutes.
    const study = await tree.read("study.yaml");
    await tree.write(
      "study.yaml",
      study.replaceAll(/^( +(?:requests|tokens)_per_\w+:).*/gm, "$1 9999999"),
    );
    const ends = await tree.run(commands.map((command) => asRun(command, tree)));
    for (const { command, code, stdout, stderr } of ends) {
      // 4: more is left, as after --limit.
      assert.ok([0, 4].includes(code), `${command} ended with ${code}\n${stdout}\n${stderr}`);
    }
  } finally {
    await tree.close();
  }
});

function asRun(command: string, { environment }: StudyTree): string {
  return INSTEAD.reduce((text, [from, to]) => text.replace(from, to), command)
    .replaceAll(/\$([A-Z_]+)/g, (_, name) => environment[name] ?? "");
}
