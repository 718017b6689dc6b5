import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT, UserError } from "../../../etl/run/error.ts";
import { readStudy } from "../../../etl/study/study.ts";
import { ROOT } from "../../task.ts";
import { withData } from "../../rows.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

const STUDY = `name: My study
sources:
  firehose:
    relays: [wss://bsky.network]
    windows: all
  jetstream:
    servers: [wss://jetstream.us-east.bsky.network]
    windows: all
  most_liked:
    appview: https://public.api.bsky.app
    feeds:
      - at://did:plc:tenurhgjptubkk5zf5qhi3og/app.bsky.feed.generator/catch-up
    limit: 1000
filters:
  language:
    keep: [en]
  nsfw:
    self_labels: [porn]
classifiers:
  dictionary:
    codebook: us_politics
label_sets: {}
after_deletion: drop
time_zone: UTC
`;

const WINDOWS =
  /: sources\.firehose\.windows: is none of all, \{ fixed: \[hours\] \} and \{ spread: n \}\n/;

/** Read a study file of a text; gives the two lines that a user would see. */
async function errorOf(text: string | undefined): Promise<string> {
  let shown = "";
  await withData((data) => {
    const path = join(data, "study.yaml");
    if (text !== undefined) Deno.writeTextFileSync(path, text);
    assert.throws(() => readStudy(path), (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.equal(error.exitCode, EXIT.usage);
      assert.ok(error.cause instanceof Error);
      shown = error.format().replaceAll(path, "study.yaml");
      return true;
    });
    return Promise.resolve();
  });
  assert.match(shown, /^Cannot read [^\n]+\n {2}[A-Z][^\n]+$/);
  return shown;
}

function change(from: string, to: string): string {
  assert.ok(STUDY.includes(from), from);
  return STUDY.replace(from, () => to);
}

Deno.test("a study is read with what it says and what may be left out", () => {
  const study = readStudy(join(ROOT, "demo", "study.yaml"));
  assert.equal(study.sources.most_liked.feeds.length, 1);
  assert.deepEqual(study.label_sets, {});
  assert.deepEqual(study.daily, {
    stream: "jetstream",
    at: "00:30",
  });
  assert.ok(study.notice);
});

Deno.test("the study file that comes with civicsky is read, and is the one that the tests take", async () => {
  readStudy(SHIPPED_STUDY);
  const committed = await committedStudy();
  if (committed !== undefined) assert.equal(await Deno.readTextFile(SHIPPED_STUDY), committed);
});

/** Give `study.yaml` as it was committed; undefined where this folder came without git. */
async function committedStudy(): Promise<string | undefined> {
  try {
    const git = new Deno.Command("git", { args: ["show", "HEAD:./study.yaml"], cwd: ROOT });
    const { success, stdout } = await git.output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

// Invariant 10
Deno.test("an unknown key is an error that names it and where it stands", async () => {
  const cases = {
    'unknown key "nmae"': change("name: My study", "name: My study\nnmae: My study"),
    'unknown key "relai" in sources.firehose': change("    relays: ", "    relai: x\n    relays: "),
    'unknown key "jetsream" in sources': change("sources:", "sources:\n  jetsream: {}"),
  };
  for (const [found, text] of Object.entries(cases)) {
    assert.equal(
      await errorOf(text),
      `Cannot read study.yaml: ${found}\n  Mend that key; data/README.md describes all keys`,
    );
  }
});

// Invariant 10
Deno.test("a value of a wrong kind is an error that names its key", async () => {
  const cases: [string, RegExp][] = [
    [change("limit: 1000", "limit: many"), /: sources\.most_liked\.limit: .*expected number/],
    [change("limit: 1000", "limit: 0"), /: sources\.most_liked\.limit: /],
    [change("wss://bsky.network", "https://bsky.network"), /: sources\.firehose\.relays\.0: /],
    [change("at://did:plc:tenu", "https://did:plc:tenu"), /feeds\.0: is not the at:\/\/ URI/],
    [change("after_deletion: drop", "after_deletion: keep"), /: after_deletion: .*keep_numbers/],
    [change("time_zone: UTC", "time_zone: Berlin"), /: time_zone: is not an IANA time zone/],
    [change("windows: all", "windows: All"), WINDOWS],
    [change("windows: all", "windows:"), WINDOWS],
    [change("windows: all", "windows: {}"), WINDOWS],
    [change("windows: all", "windows: { fixd: [18] }"), WINDOWS],
    [change("windows: all", "window: all"), /: unknown key "window" in sources\.firehose\n/],
    [change("    windows: all\n", ""), /: sources\.firehose\.windows is missing\n/],
    [
      change("windows: all", "windows: { spread: 4, seed: x }"),
      /: sources\.firehose\.windows\.seed: .*expected (int|number)/,
    ],
    [
      change("windows: all", "windows: { fixed: [24] }"),
      /: sources\.firehose\.windows\.fixed\.0: /,
    ],
    [change("windows: all", "windows: { spread: 5 }"), /windows\.spread: is none of 1, 2, 3, 4, /],
    [
      change("wss://bsky.network", "http://bsky.network"),
      /: sources\.firehose\.relays\.0: must start with wss:\/\/ \(or ws:\/\/\)\n/,
    ],
    [
      change("https://public.api.bsky.app", "public.api.bsky.app"),
      /: sources\.most_liked\.appview: must start with https:\/\/ \(or http:\/\/\)\n/,
    ],
    [change("label_sets: {}", "daily: { at: 24:00 }"), /: daily\.at: is not a time of day such as/],
    [change("label_sets: {}", "daily: { stream: hose }"), /: daily\.stream: .*jetstream/],
    [change("label_sets: {}", "daily: { times: 2 }"), /: unknown key "times" in daily\n/],
    [change("label_sets: {}", "daily: { classifiers: [7] }"), /: daily\.classifiers\.0: /],
    [
      change("label_sets: {}", "daily: { classifiers: [dictionary, dictionary] }"),
      /: daily\.classifiers: names a classifier twice\n/,
    ],
    [change("name: My study", "name: 7"), /: name: .*expected string/],
    [change("  nsfw:", "  other: text\n  nsfw:"), /: filters\.other: /],
    [change("label_sets: {}", "label_sets: {dictionary: newest}"), /: label_sets\.dictionary: /],
    ["", /: name is missing/],
    ["- a\n- b\n", /: the file: .*expected object/],
    ["text", /: the file: .*expected object/],
  ];
  for (const [text, message] of cases) assert.match(await errorOf(text), message);
});

// Invariant 10
Deno.test("a file that is no YAML is an error with its line", async () => {
  const broken: [string, number][] = [
    ["name: a\nsources: [b\n", 3],
    ["name: a\n\tsources: b\n", 2],
    ["name: a\nname: b\n", 2],
    ["name: a\nsources:\n  firehose: {}\n  firehose: {}\n", 4],
    ["name: 'a\n", 2],
    ["name: a\n---\nname: b\n", 2],
    ["name: a\n? [b, c]\n: d\n", 2],
  ];
  for (const [text, line] of broken) {
    assert.match(await errorOf(text), new RegExp(`at line ${line}, .*\n  Mend line ${line}$`));
  }
  assert.match(await errorOf("name: a\nname: b\n"), /Map keys must be unique/);
  assert.match(
    await errorOf("name: *other\n"),
    /: \*other stands for nothing; quote .* at line 1, column 7\n {2}Mend line 1$/,
  );
});

// Invariant 10
Deno.test("a file that is missing or a folder is an error that says so", async () => {
  assert.match(await errorOf(undefined), /^Cannot read the study: there is no file study\.yaml/);
  await withData((data) => {
    assert.throws(() => readStudy(data), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /^Cannot read the study: \S+ is a folder and no file$/);
      return error.exitCode === EXIT.usage;
    });
    return Promise.resolve();
  });
});
