/** The rules of the house: rooms, and who imports whom. */
import assert from "node:assert/strict";
import { basename, dirname, join, normalize } from "node:path";
import { CLASSIFIERS } from "../classifiers/list.ts";
import { SOURCE_NAMES, SOURCES } from "../etl/store/source.ts";
import { TASKS } from "../main.ts";
import { ROOMS } from "./rooms.ts";
import { ROOT } from "./task.ts";

const LONGEST = 400;
const FULLEST = 24;

const FILES = [...new Set(ROOMS.map(([room]) => room.split("/")[0]!))].flatMap((top) =>
  top.endsWith(".ts") ? [top] : list(top)
);
const MODULES = FILES.filter((path) => path.endsWith(".ts"));
const config = JSON.parse(read("deno.json"));
const readme = read("README.md");

// The source `import` has no file of its own: its task brings labels too.
const SOURCE_FILES = SOURCE_NAMES.map((name) => `etl/sources/${name}.ts`)
  .filter((path) => FILES.includes(path));
const FILTER_FILES = MODULES.filter((path) =>
  dirname(path) === "etl/filters" && /^export const filter\b/m.test(read(path))
);
const CLASSIFIER_FILES = Object.keys(CLASSIFIERS).map((name) => `classifiers/${name}.ts`);

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

/** Give the place of a file's room in the list, from the ground; -1 where it is in none. */
function floorOf(path: string): number {
  const file = ROOMS.findIndex(([room]) => room === path);
  const folder = path.startsWith("tests/") ? "tests" : dirname(path);
  return file >= 0 ? file : ROOMS.findIndex(([room]) => room === folder);
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

Deno.test("every module is in a room of the list, and imports only from its own and those before it", () => {
  for (const path of MODULES) {
    assert.ok(floorOf(path) >= 0, `${path} is in no room`);
    for (const target of imports(path)) {
      assert.ok(FILES.includes(target), `${path} imports ${target}, which is not there`);
      assert.ok(floorOf(target) <= floorOf(path), `${path} must not import ${target}, further up`);
    }
  }
});

Deno.test("the README shows the rooms in their order, with the sentence of each", () => {
  const layout = readme.slice(
    readme.indexOf("\n## Layout\n"),
    readme.indexOf("\n## Dependencies\n"),
  );
  const shown = [...layout.matchAll(/^- `([\w/.]+)`: (.+(?:\n {2}.+)*)$/gm)]
    .map(([, room, holds]) => [room, holds!.replace(/\n\s+/g, " ")]);
  assert.deepEqual(shown, ROOMS);
});

Deno.test("no folder holds more modules than can be looked over", () => {
  for (const [folder, modules] of Map.groupBy(MODULES, dirname)) {
    // The top of etl is the list of tasks.
    assert.ok(modules.length <= FULLEST, `${folder} has ${modules.length} modules`);
  }
});

Deno.test("a source imports no source, a filter no filter and a classifier no classifier", () => {
  for (const siblings of [SOURCE_FILES, FILTER_FILES, CLASSIFIER_FILES]) {
    for (const path of siblings) {
      for (const target of imports(path)) {
        assert.ok(!siblings.includes(target), `${path} must not import ${target}`);
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

/** Packages that take long to load, and the tasks that cannot do without: none of them waits for it. */
const HEAVY: Record<string, string[]> = {
  "eld/": [],
  "gpt-tokenizer/bpeRanks/": [],
  "@observablehq/plot": [],
  "linkedom": [],
  "@duckdb/duckdb-wasm/": [],
  "googleapis-common": ["classify:perspective", "doctor"],
  "groq-sdk": ["classify:sociopolitical", "classify:attributes", "doctor"],
  "@atproto/api": [
    "demo",
    "sync:most-liked",
    "classify:sociopolitical",
    "classify:attributes",
    "doctor",
    "forget",
  ],
};

/** Give the packages that are loaded with a module, at once and not when they are first needed. */
function loadedPackages(path: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(path)) return packages;
  seen.add(path);
  const code = read(path).replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");
  for (
    const [, specifier] of code.matchAll(
      /^\s*(?:import|export)\s(?!type\b)(?:[^"';`]*?\sfrom\s*)?["']([^"'\n]+)["']/gm,
    )
  ) {
    if (!specifier!.startsWith(".")) packages.add(specifier!);
    else {
      for (const it of loadedPackages(normalize(join(dirname(path), specifier!)), seen)) {
        packages.add(it);
      }
    }
  }
  return packages;
}

Deno.test("a task does not wait for a package that only another needs", () => {
  const modules = new Map<string, string>();
  for (
    const [, task, path] of read("main.ts").matchAll(
      /"([\w:-]+)": (?:async )?\(\) =>[^]*?import\("\.\/((?!classifiers\/checks).+?)"\)/g,
    )
  ) {
    modules.set(task!, path!);
  }
  const listed = [[SOURCES, "etl/sources"], [CLASSIFIERS, "classifiers"]] as const;
  for (const [list, folder] of listed) {
    for (const [name, { task }] of Object.entries(list)) {
      if (task !== "import") modules.set(task, `${folder}/${name}.ts`);
    }
  }
  assert.deepEqual(
    [...modules.keys()].toSorted(),
    Object.values(TASKS).flatMap((tasks) => Object.keys(tasks)).toSorted(),
  );
  const waits: string[] = [];
  for (const [task, path] of [...modules, ["help", "main.ts"]] as [string, string][]) {
    const packages = [...loadedPackages(path)];
    for (const [heavy, needed] of Object.entries(HEAVY)) {
      const found = packages.some((name) =>
        heavy.endsWith("/") ? name.startsWith(heavy) : name === heavy
      );
      if (found && !needed.includes(task)) waits.push(`${task} loads ${heavy}`);
    }
  }
  assert.deepEqual(waits, []);
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
