/** What must be described where: the tables of the README and of the dictionary follow the code. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readAttributes } from "../classifiers/codebooks/attribute_codebook.ts";
import { codebookPath } from "../classifiers/codebooks/codebook_path.ts";
import { CLASSIFIERS } from "../classifiers/list.ts";
import { CHAT_COLUMNS, SOCIOPOLITICAL_COLUMNS } from "../classifiers/reply/reply_columns.ts";
import { attributeColumns } from "../classifiers/reply/attribute_reply.ts";
import { COLUMNS as HUMAN_COLUMNS } from "../etl/labels/coded_posts.ts";
import { LABEL_REASONS } from "../etl/labels/label_reason.ts";
import { ANSWER_COLUMNS } from "../etl/labels/paid_answer.ts";
import { PANELS } from "../etl/labels/panel.ts";
import { VARIABLES } from "../etl/run/environment.ts";
import { SOURCE_NAMES } from "../etl/store/source.ts";
import * as tables from "../etl/store/tables.ts";
import { ROOT } from "./task.ts";

const config = JSON.parse(read("deno.json"));
const readme = read("README.md");
const dictionary = read("data/README.md");
const FILTERS = [...Deno.readDirSync(join(ROOT, "etl/filters"))].map(({ name }) => name)
  .filter((name) => /^export const filter\b/m.test(read(`etl/filters/${name}`)))
  .map((name) => name.replace(/\.ts$/, ""));

function read(path: string): string {
  return Deno.readTextFileSync(join(ROOT, path));
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
  const named = [...SOURCE_NAMES, ...FILTERS, ...Object.keys(CLASSIFIERS)];
  assert.ok(named.length >= 7);
  for (const name of named) {
    assert.ok(`${readme}${dictionary}`.includes(`\`${name}\``), name);
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
  const flags = Object.fromEntries(FILTERS.map((name) => [`flag_${name}`, "BOOLEAN"]));
  sections.push(["posts", { ...tables.POSTS.columns, ...flags }]);
  for (const name of ["dictionary", "perspective"] as const) {
    // The columns of the others come from their codebooks, and stand above.
    const own = Object.entries(CLASSIFIERS[name].columns)
      .filter(([column]) => !(column in ANSWER_COLUMNS));
    sections.push([`labels/${name}`, Object.fromEntries(own)]);
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
