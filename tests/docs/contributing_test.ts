/** Follows CONTRIBUTING.md word by word in a copy of the tree, and runs what comes of it. */
import assert from "node:assert/strict";
import { query } from "../rows.ts";
import { type Block, commandsOf, read } from "./document.ts";
import { StudyTree } from "./study_tree.ts";

const GUIDE = read("CONTRIBUTING.md");

const COPY_VIEWS = /<!-- copy views in (\S+): (\w+) => (\w+); (.+) => (.+) -->/g;

/** Do in a tree what the comments before blocks say, and those that stand alone. */
async function follow(tree: StudyTree): Promise<void> {
  const views = await tree.read("notebooks/views.sql");
  for (const block of GUIDE.blocks) await put(tree, block);
  for (const [, path, steps] of GUIDE.text.matchAll(/<!-- copy in (\S+): (.+) -->/g)) {
    const changes = steps!.split("; ").map((step) => step.split(" => ") as [string, string]);
    const lines = (await tree.read(path!)).split("\n");
    const at = placeOf(lines, changes[0]![0], path!);
    const copied = changes.reduce((line, [from, to]) => {
      assert.ok(line.includes(from), `${path}: ${line} has no ${from}`);
      return line.replace(from, to);
    }, lines[at]!);
    await tree.write(path!, lines.toSpliced(at + 1, 0, copied).join("\n"));
  }
  for (const [, path, from, to, columns, others] of GUIDE.text.matchAll(COPY_VIEWS)) {
    const own = views.slice(
      views.lastIndexOf("\n--", views.indexOf(`VIEW labels_${from}`)) + 1,
      views.indexOf(";", views.indexOf(`VIEW posts_${from}`)) + 1,
    );
    const copied = own.replace(/^--.*\n/gm, "").replace(
      new RegExp(`(?:  ${from}\\.(?:${columns!.split(", ").join("|")}),?\\n)+`),
      `${others!.split(", ").map((name) => `  ${from}.${name}`).join(",\n")}\n`,
    ).replaceAll(
      new RegExp(`\\b(labels_|posts_|'|/)?${from}\\b`, "g"),
      (_, before) => `${before ?? ""}${to}`,
    );
    await tree.write(path!, `${await tree.read(path!)}\n${copied}\n`);
  }
}

/** What a section of the guide touches: code, not what users configure, documents or tests. */
function touchedBy(section: string): string[] {
  const start = GUIDE.text.indexOf(`\n## ${section}\n`);
  const text = GUIDE.text.slice(start, GUIDE.text.indexOf("\n## ", start + 1));
  const marks = text.matchAll(
    /<!-- (?:file|in|after in|before in|copy in|copy views in):? ([\w./-]+)(?::| -->)/g,
  );
  return [...new Set([...marks].map(([, path]) => path!))]
    .filter((path) => !/\.md$|^study\.yaml$|^tests\/|^archive\.jsonl$/.test(path)).toSorted();
}

async function put(tree: StudyTree, { mark = "", text }: Block): Promise<void> {
  const file = /^file: (\S+)$/.exec(mark)?.[1];
  if (file !== undefined) return await tree.write(file, `${text}\n`);
  const [, , changed, from, to] = /^(in) (\S+): (.+) => (.+)$/.exec(mark) ?? [];
  if (changed !== undefined) {
    const before = await tree.read(changed);
    assert.ok(before.includes(from!), `${changed} has no ${from}`);
    return await tree.write(changed, before.replace(from!, to!));
  }
  const [, side, path, anchor] = /^(after|before) in (\S+): (.+)$/.exec(mark) ?? [];
  if (path === undefined) return;
  const lines = (await tree.read(path)).split("\n");
  const at = placeOf(lines, anchor!, path) + (side === "after" ? 1 : 0);
  const indent = /^ */.exec(lines[at]!)![0];
  const added = text.split("\n").map((line) => line === "" ? "" : indent + line);
  // What comes before a heading is a section.
  if (side === "before") added.push("");
  await tree.write(path, lines.toSpliced(at, 0, ...added).join("\n"));
}

function placeOf(lines: string[], anchor: string, path: string): number {
  const at = lines.findIndex((line) => line.includes(anchor));
  assert.notEqual(at, -1, `${path} has no line with ${anchor}`);
  return at;
}

/** Answers as a moderation server does: texts with «vote» are flagged. */
function startModeration() {
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { input } = await request.json();
    asked.push(input);
    const flagged = input.includes("vote");
    return Response.json({
      results: [{ flagged, category_scores: { harassment: flagged ? 0.75 : 0.25 } }],
    });
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, asked, close: () => server.shutdown() };
}

Deno.test("a source touches three places, a filter one and a classifier four, as the README says", () => {
  assert.deepEqual(touchedBy("Add a source"), [
    "deno.json",
    "etl/sources/archive.ts",
    "etl/store/source.ts",
  ]);
  assert.deepEqual(touchedBy("Add a filter"), ["etl/filters/mentions.ts"]);
  const places = ["classifiers/list.ts", "deno.json", "notebooks/views.sql"];
  assert.deepEqual(
    touchedBy("Add a classifier that is free"),
    ["classifiers/questions.ts", ...places].toSorted(),
  );
  assert.deepEqual(
    touchedBy("Add a classifier that is paid"),
    ["classifiers/moderation.ts", ...places].toSorted(),
  );
});

Deno.test("a source, a filter and two classifiers are added as CONTRIBUTING.md says, and work", async () => {
  const tree = await StudyTree.start();
  const moderation = startModeration();
  try {
    await follow(tree);
    const study = await tree.read("study.yaml");
    await tree.write(
      "study.yaml",
      study.replace("http://127.0.0.1:8000", moderation.url)
        .replace("quota: { requests_per_second: 20 }", "quota: { requests_per_second: 1000 }"),
    );
    const commands = GUIDE.blocks.filter(({ mark }) => mark === "needs: what is added above")
      .flatMap(commandsOf);
    const [archive, preprocess, ...rest] = commands;
    const ends = await tree.run([
      archive!,
      "deno task sync:jetstream --for 2s",
      preprocess!,
      ...rest,
      "deno task doctor",
      "deno task aggregate",
      "deno task export --source archive",
      `deno eval 'import { open } from "./notebooks/lib.ts";
const data = await open(Deno.env.get("CIVICSKY_DATA"));
const table = await data.sql\`SELECT count(*) FILTER (is_question) AS questions,
  count(*) FILTER (is_flagged) AS flagged
FROM posts_questions JOIN posts_moderation USING (uri)\`;
console.log(JSON.stringify(table.objects()[0]));'`,
    ]);
    for (const { command, code, stdout, stderr } of ends) {
      assert.equal(code, 0, `${command}\n${stdout}\n${stderr}`);
    }
    const data = tree.environment.CIVICSKY_DATA!;
    const [counts] = await query(
      data,
      `SELECT count(*) FILTER (in_archive) AS archived, count(*) AS posts,
         count(*) FILTER (is_question) AS questions, count(*) FILTER (is_flagged) AS flagged,
         bool_or(flag_mentions) AS mentions
       FROM read_parquet('{data}/posts/*/*.parquet') p
       JOIN read_parquet('{data}/labels/questions/*/*.parquet') q USING (uri)
       JOIN read_parquet('{data}/labels/moderation/*/*.parquet') m USING (uri)`,
    );
    const { posts } = counts!;
    assert.deepEqual(counts, {
      archived: 1,
      posts,
      questions: 1,
      flagged: posts,
      mentions: false,
    });
    assert.ok(Number(posts) > 3);
    const { questions, flagged } = counts!;
    assert.deepEqual(JSON.parse(ends.at(-1)!.stdout), { questions, flagged });
    assert.equal(new Set(moderation.asked).size, moderation.asked.length, "asked twice");
    const [cells] = await query(
      data,
      "SELECT sum(n_posts) AS n FROM read_parquet('{data}/aggregates/*/*.parquet') WHERE source = 'archive' AND label = 'posts'",
    );
    assert.equal(Number(cells!.n), 1);
  } finally {
    await moderation.close();
    await tree.close();
  }
});
