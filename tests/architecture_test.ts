/** The rules of the house: who imports whom, and what must be described where. */
import assert from "node:assert/strict";
import { basename, dirname, join, normalize } from "node:path";
import { readAttributes } from "../classifiers/codebooks/attribute_codebook.ts";
import { codebookPath } from "../classifiers/codebooks/codebook_path.ts";
import { attributeColumns } from "../classifiers/reply/attribute_reply.ts";
import { CHAT_COLUMNS } from "../classifiers/reply/chat_answer.ts";
import { SOCIOPOLITICAL_COLUMNS } from "../classifiers/reply/sociopolitical_reply.ts";
import { COLUMNS as HUMAN_COLUMNS } from "../etl/labels/human_labels.ts";
import { LABEL_REASONS } from "../etl/labels/label_reason.ts";
import { ANSWER_COLUMNS } from "../etl/labels/paid_answer.ts";
import { PANELS } from "../etl/labels/panel.ts";
import { VARIABLES } from "../etl/run/environment.ts";
import * as tables from "../etl/store/tables.ts";
import { ROOT } from "./task.ts";

/** Who may import from whom; every folder may import from itself. */
const EDGES: Record<string, string[]> = {
  etl: [],
  classifiers: ["etl"],
  notebooks: ["etl"],
  demo: ["etl", "classifiers"],
  doctor: ["etl", "classifiers"],
  bench: ["etl", "classifiers", "notebooks", "demo", "tests"],
  tests: ["etl", "classifiers", "notebooks", "demo", "doctor", "bench"],
};
const LONGEST = 260;

const FILES = [...Object.keys(EDGES)].flatMap((folder) => list(folder));
const MODULES = FILES.filter((path) => path.endsWith(".ts"));
const config = JSON.parse(read("deno.json"));
const readme = read("README.md");
const dictionary = read("data/README.md");

function read(path: string): string {
  return Deno.readTextFileSync(join(ROOT, path));
}

function list(folder: string): string[] {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(join(ROOT, folder))];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return entries.sort((a, b) => a.name < b.name ? -1 : 1).flatMap((entry) => {
    if (entry.name.startsWith(".")) return [];
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory ? list(path) : [path];
  });
}

/** Give what a module names in its imports, types and dynamic imports of literals included. */
function specifiers(path: string): string[] {
  const code = read(path).replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");
  const statements = code.matchAll(
    /^\s*(?:import|export)\s(?:[^"';`]*?\sfrom\s*)?["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']/gm,
  );
  return [...statements].map(([, from, dynamic]) => (from ?? dynamic)!);
}

/** Give the modules of ours that a module imports, as paths from the root. */
function imports(path: string): string[] {
  return specifiers(path).filter((specifier) => specifier.startsWith("."))
    .map((specifier) => normalize(join(dirname(path), specifier)));
}

function folderOf(path: string): string {
  return path.split("/")[0]!;
}

function stem(path: string): string {
  return basename(path).replace(/\.\w+$/, "");
}

/** Give the names in the first column of the tables of a text whose head begins with some words. */
function firstColumn(text: string, head: string): string[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    if (!line.startsWith(`| ${head} `)) return [];
    const end = lines.findIndex((other, at) => at > index && !other.startsWith("|"));
    return lines.slice(index + 2, end).flatMap((row) => /^\| `([^`]+)`/.exec(row)?.[1] ?? []);
  });
}

/** Give the columns and types that the dictionary lists under a heading. */
function described(heading: string): Record<string, string> {
  const start = dictionary.indexOf(`\n### \`${heading}\`\n`);
  assert.notEqual(start, -1, `data/README.md has no heading ### \`${heading}\``);
  const section = dictionary.slice(start + 1).split(/\n#{2,3} /)[0]!;
  const head = section.indexOf("| column | type |");
  const table = section.slice(head).split("\n\n")[0]!;
  return Object.fromEntries(
    [...table.matchAll(/^\| `([^`]+)` \| ([^|]+?) \|/gm)].map(([, name, type]) => [name, type]),
  );
}

Deno.test("imports are read, in all their forms", () => {
  assert.ok(imports("etl/raw/land.ts").includes("etl/store/journal.ts"));
  assert.ok(
    imports("etl/labels/label_set.ts").includes("etl/study/study.ts"),
    "an import of a type",
  );
  assert.ok(specifiers("etl/command/command.ts").includes("commander"));
  assert.ok(MODULES.length > 60);
});

Deno.test("every import of ours is of a file that is there and along an edge that is allowed", () => {
  for (const path of MODULES) {
    for (const target of imports(path)) {
      assert.ok(FILES.includes(target), `${path} imports ${target}, which is not there`);
      const [from, to] = [folderOf(path), folderOf(target)];
      assert.ok(from === to || EDGES[from]!.includes(to), `${path} must not import ${target}`);
    }
  }
});

Deno.test("a source imports no source, a filter no filter and a classifier no classifier", () => {
  for (const siblings of [/^etl\/sources\//, /^etl\/filters\//, /^classifiers\/[^/]+$/]) {
    for (const path of MODULES.filter((module) => siblings.test(module))) {
      for (const target of imports(path)) {
        assert.doesNotMatch(target, siblings, `${path} must not import ${target}`);
      }
    }
  }
});

Deno.test("no import comes back to where it started", () => {
  const done = new Set<string>();
  const visit = (path: string, trail: string[]) => {
    const start = trail.indexOf(path);
    assert.equal(start, -1, `a cycle: ${[...trail.slice(start), path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const target of imports(path)) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of MODULES) visit(path, []);
});

Deno.test("a file is short enough to be read at once, and none is for what has no name", () => {
  for (const path of MODULES) {
    const lines = read(path).split("\n").length - 1;
    assert.ok(lines <= LONGEST, `${path} has ${lines} lines`);
  }
  for (const path of FILES) {
    assert.doesNotMatch(path, /\b(utils?|helpers?|misc|common)\b/, path);
    if (path.endsWith(".ts")) assert.match(basename(path), /^[a-z0-9]+(_[a-z0-9]+)*\.ts$/);
  }
});

Deno.test("every package that is imported stands in deno.json, and nothing comes from elsewhere", () => {
  const known = Object.keys(config.imports);
  for (const path of MODULES) {
    for (const specifier of specifiers(path)) {
      if (/^(\.|node:)/.test(specifier)) continue;
      const found = known.some((name) =>
        name.endsWith("/") ? specifier.startsWith(name) : specifier === name
      );
      assert.ok(found, `${path} imports ${specifier}`);
    }
  }
  for (const [name, target] of Object.entries<string>(config.imports)) {
    assert.match(target, /^npm:\/?(@[\w-]+\/)?[\w.-]+@\d+\.\d+\.\d+(-[\w.]+)?\/?$/, name);
  }
});

Deno.test("every dependency stands in the README's table with its version, and no other", () => {
  const packages = Object.entries<string>(config.imports).map(([name, target]) => [
    name.replace(/\/$/, ""),
    target.replace(/\/$/, "").split("@").at(-1)!,
  ]);
  for (const [name, version] of packages) {
    assert.match(
      readme,
      new RegExp(`^\\| \`${name}\` +\\| ${version!.replaceAll(".", "\\.")} `, "m"),
    );
  }
  const listed = firstColumn(readme, "package");
  assert.deepEqual(listed.toSorted(), packages.map(([name]) => name).toSorted());
});

Deno.test("the Deno that package.json names is the one of the README and of the tests", () => {
  const pinned = JSON.parse(read("package.json")).engines.deno;
  for (const path of ["README.md", ".ci/run"]) {
    const named = [...read(path).matchAll(/deno@(\d+\.\d+\.\d+)/g)].map(([, version]) => version);
    assert.deepEqual([...new Set(named)], [pinned], path);
  }
  assert.ok(readme.includes(`[Deno](https://deno.com) ${pinned}`));
});

Deno.test("every source, filter and classifier is named in the README or the dictionary", () => {
  const named = MODULES.filter((path) =>
    /^(etl\/(sources|filters)|classifiers)\/[^/]+$/.test(path)
  );
  assert.ok(named.length >= 7);
  for (const path of named) {
    assert.ok(`${readme}${dictionary}`.includes(`\`${stem(path)}\``), path);
  }
});

Deno.test("every task stands in the README's table", () => {
  const listed = [...readme.matchAll(/^\| (`[^|]+`) +\|/gm)].join(" ");
  for (const name of Object.keys(config.tasks)) {
    assert.match(listed, new RegExp(`\`${name}[ \`]`), name);
  }
});

Deno.test("every column of every table stands in the dictionary with its type, and no other", async () => {
  const { attributes } = await readAttributes(codebookPath("us_politics", "study.yaml"));
  const sections: [string, Record<string, string>][] = [
    ["raw/<source>", tables.RAW.columns],
    ["raw/counts", tables.COUNTS.columns],
    ["raw/context", tables.CONTEXTS.columns],
    ["raw/tombstones", tables.TOMBSTONES.columns],
    ["labels/<classifier>", tables.LABELS.columns],
    ["labels/<paid classifier>", ANSWER_COLUMNS],
    ["labels/human", HUMAN_COLUMNS],
    ["labels/sociopolitical", { ...SOCIOPOLITICAL_COLUMNS, ...CHAT_COLUMNS }],
    ["labels/attributes", { ...attributeColumns(attributes), ...CHAT_COLUMNS }],
    ["anchors", tables.ANCHORS.columns],
    ["replicates/<classifier>", { round: tables.REPLICATES.columns.round! }],
    ["panels/<name>", PANELS.columns],
    ["label_sets", tables.LABEL_SETS.columns],
    ["aggregates", tables.AGGREGATES.columns],
    ["coverage", tables.COVERAGE.columns],
    ["windows", tables.WINDOWS.columns],
    ["runs", tables.RUNS.columns],
  ];
  const filters = MODULES.filter((path) => path.startsWith("etl/filters/")).map(stem);
  const flags = Object.fromEntries(filters.map((name) => [`flag_${name}`, "BOOLEAN"]));
  sections.push(["posts", { ...tables.POSTS.columns, ...flags }]);
  for (const path of MODULES.filter((module) => /^classifiers\/[^/]+$/.test(module))) {
    const { COLUMNS } = await import(`../${path}`);
    // The columns of the others come from their codebooks, and stand above.
    if (COLUMNS) sections.push([`labels/${stem(path)}`, COLUMNS]);
  }
  for (const [heading, columns] of sections) {
    assert.deepEqual(described(heading), { ...columns }, heading);
  }
  const known = Object.values(tables).filter((table) => typeof table === "object");
  assert.equal(known.length, 13, "a table that this test does not know");
});

Deno.test("every environment variable stands in the README's table, and no other", () => {
  assert.deepEqual(firstColumn(readme, "environment variable").toSorted(), VARIABLES.toSorted());
});

// Invariant 7
Deno.test("every reason for a missing label stands in the dictionary's table, and no other", () => {
  assert.deepEqual(firstColumn(dictionary, "reason").toSorted(), LABEL_REASONS.toSorted());
});
