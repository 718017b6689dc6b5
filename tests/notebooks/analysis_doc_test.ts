/** Runs what docs/analysis.md shows, on a study whose labels are samples, and compares the answers. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { COLUMNS as SCORES } from "../../classifiers/clients/comment_analyzer_attributes.ts";
import { CLASSIFIERS } from "../../classifiers/list.ts";
import { labelTable } from "../../etl/labels/label_file.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { LABEL_SETS, POSTS } from "../../etl/store/tables.ts";
import { onlyThese } from "../../etl/run/environment.ts";
import { uri } from "../raw.ts";
import { withData } from "../rows.ts";
import { SHIPPED_STUDY } from "../shipped_study.ts";
import { writeRows } from "../table_file.ts";
import { ROOT, runTask } from "../task.ts";

const DOC = await Deno.readTextFile(join(ROOT, "docs", "analysis.md"));
const DAYS = ["2026-06-01", "2026-06-02", "2026-06-04"];

/** Give the blocks of a language, in order, as one program. */
function program(language: string): string {
  const blocks = DOC.matchAll(new RegExp(`^( *)\`\`\`${language}\\n(.*?)^ *\`\`\`$`, "gms"));
  return [...blocks].map(([, indent, code]) => code!.replaceAll(new RegExp(`^${indent}`, "gm"), ""))
    .join("\n");
}

/** Lay out `data/` and `notebooks/` under a folder as a user has them; the labels are random samples. */
async function fill(folder: string): Promise<void> {
  const data = join(folder, "data");
  const paths = new DataPaths(data);
  await Deno.mkdir(data);
  await Deno.symlink(join(ROOT, "notebooks"), join(folder, "notebooks"));
  for (const [at, day] of DAYS.entries()) {
    const posts = Array.from({ length: 90 }, (_, index) => ({
      uri: uri(`${at}-${index}`),
      cid: `c${index}`,
      did: `did:plc:author${index * index % 19}`,
      text_hash: `text ${index}`,
      created_at: `${day} 10:10:00`,
      reference_time: `${day} 10:10:05`,
      passed_filters: index % 10 !== 3,
      in_firehose: true,
      in_most_liked: index % 20 === 0,
    }));
    await writeRows(POSTS, posts, paths.posts(day));
    const labels = (every: number, columns: (index: number) => object) =>
      posts.map((post, index) => ({
        ...post,
        label_set_id: "a",
        label_prob: post.in_most_liked ? 1 : 1 / every,
        was_successfully_labeled: index % 11 !== 0,
        ...index % 11 ? columns(index) : { reason: "rejected" },
      })).filter(({ in_most_liked }, index) => in_most_liked || index % every === 1);
    await writeRows(
      labelTable(CLASSIFIERS.dictionary.columns),
      labels(2, (index) => ({ is_political: (index * 7 + at * 3) % 13 < 5, categories: [] })),
      paths.labels("dictionary", day),
    );
    await writeRows(
      labelTable(SCORES),
      labels(3, (index) => ({ prob_toxic: (index * 7 + at) % 10 / 10 })),
      paths.labels("perspective", day),
    );
  }
  for (const classifier of ["dictionary", "perspective"]) {
    const set = { label_set_id: "a", classifier, codebook: "c", is_shown: true };
    await writeRows(LABEL_SETS, [set], paths.labelSets(classifier));
  }
  const { code, stderr } = await runTask(["export", "--data", data]);
  assert.equal(code, 0, stderr);
}

async function output(command: string, args: string[], cwd: string): Promise<string | undefined> {
  try {
    const env = onlyThese({ CIVICSKY_STUDY: SHIPPED_STUDY });
    const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd, env })
      .output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.ok(success, text(stderr));
    return text(stdout);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

interface Answers {
  political: { share: number; low?: number; high?: number; error?: number; n: number }[];
  toxic: Answers["political"];
  crossed: { n: number; share_toxic: number }[];
}

function lastLine(text: string): Answers {
  return JSON.parse(text.trim().split("\n").at(-1)!);
}

async function here(folder: string): Promise<Answers> {
  const lib = pathToFileURL(join(ROOT, "notebooks", "lib.ts")).href;
  const tell = `const told = ({ estimate, sums }: typeof political[0]) => ({ share: estimate.value,
    error: estimate.interval?.standard_error, low: estimate.interval?.low,
    high: estimate.interval?.high, n: sums.n_labeled });
    console.log(JSON.stringify({ political: political.map(told),
      toxic: toxic.map((row) => told({ time: new Date(), ...row })), crossed: crossed.objects() }));`;
  const path = join(folder, "here.ts");
  await Deno.writeTextFile(path, `${program("ts").replace('"./lib.ts"', `"${lib}"`)}\n${tell}`);
  const config = join(ROOT, "deno.json");
  const args = ["run", "--quiet", "--no-prompt", "--config", config, "-A", path];
  return lastLine((await output(Deno.execPath(), args, folder))!);
}

async function python(folder: string, command: string): Promise<Answers & { exported: object[] }> {
  const tell = `import json
told = lambda frame: json.loads(frame.to_json(orient="records"))
print(json.dumps({"political": told(political), "exported": told(exported), "toxic": told(toxic),
  "crossed": told(crossed)}))`;
  const path = join(folder, "analysis.py");
  await Deno.writeTextFile(path, `${program("python")}\n${tell}`);
  return lastLine((await output(command, [path], folder))!) as Awaited<ReturnType<typeof python>>;
}

/** Give a python3 that has what the page asks for: CIVICSKY_PYTHON, or the one on the path. */
async function pythonWithDuckdb(): Promise<string | undefined> {
  const command = Deno.env.get("CIVICSKY_PYTHON") ?? "python3";
  const probe =
    "import importlib.util as u; print(all(map(u.find_spec, ['duckdb', 'pandas', 'scipy'])))";
  const found = await output(command, ["-c", probe], ROOT);
  return found?.trim() === "True" ? command : undefined;
}

function assertClose(found: unknown, wanted: unknown, what: string, within = 1e-9): void {
  assert.ok(Math.abs(Number(found) - Number(wanted)) < within, `${what}: ${found}, ${wanted}`);
}

Deno.test("what docs/analysis.md shows runs, and Python says what the notebooks say", (t) =>
  withData(async (folder) => {
    await fill(folder);
    const ours = await here(folder);
    assert.equal(ours.political.length, DAYS.length);
    for (const { share, low, high } of ours.political) assert.ok(low! < share && share < high!);
    assert.equal(ours.toxic[1]!.low, undefined, "a feed has no interval");
    assert.equal(ours.crossed.length, 2);

    const command = await pythonWithDuckdb();
    await t.step({
      name: "Python, from the views and from the export",
      ignore: command === undefined,
      fn: async () => {
        const theirs = await python(folder, command!);
        assert.deepEqual(theirs.exported, theirs.political);
        for (const [index, day] of ours.political.entries()) {
          const other = theirs.political[index]!;
          assertClose(other.share, day.share, "share");
          assertClose(other.error, day.error, "standard error");
          assertClose(other.low, day.low, "low", 1e-6);
          assertClose(other.high, day.high, "high", 1e-6);
          assert.equal(other.n, day.n);
        }
        assertClose(theirs.toxic[0]!.share, ours.toxic[0]!.share, "mean");
        assertClose(theirs.toxic[0]!.error, ours.toxic[0]!.error, "standard error");
        assertClose(theirs.toxic[0]!.low, ours.toxic[0]!.low, "low of three days", 1e-6);
        assertClose(theirs.toxic[1]!.share, ours.toxic[1]!.share, "mean of the feed");
        for (const [index, { n, share_toxic }] of ours.crossed.entries()) {
          assert.equal(theirs.crossed[index]!.n, n);
          assertClose(theirs.crossed[index]!.share_toxic, share_toxic, "crossed");
        }
      },
    });
  }));
