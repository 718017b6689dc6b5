import assert from "node:assert/strict";
import { accountOf } from "../../demo/sample/account.ts";
import { command as demoCommand, demo } from "../../demo/main.ts";
import { type Command, runCommand } from "../../etl/command/command.ts";
import { lock } from "../../etl/store/lock.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { nobodysFiles } from "../../etl/store/places.ts";
import { printed } from "../printed.ts";
import { query } from "../rows.ts";
import { ROOT, runTask } from "../task.ts";
import { byKey, checkModelLabels } from "../demo/demo_model_labels.ts";
import { expectedOfSample } from "../demo/expected.ts";

const expected = await expectedOfSample();

async function runHere(words: string[], variables: Record<string, string>): Promise<number> {
  const { code, stdout, stderr } = await runTask(words, variables);
  console.error(`${stderr}\n${stdout}`);
  return code;
}

Deno.test("the demo finds what its source file says, whatever a demo before left there", async (t) => {
  const data = await Deno.makeTempDir({ prefix: "civicsky demo's " });
  try {
    await Deno.writeTextFile(`${data}/.hash_key`, "0".repeat(64));
    await Deno.mkdir(`${data}/posts/date=2026-06-01`, { recursive: true });
    await Deno.writeTextFile(`${data}/posts/date=2026-06-01/posts.parquet`, "of a demo before");
    // As `deno task demo`, but that the tasks run in this process.
    const command: Command = { ...demoCommand, run: (context) => demo(context, runHere) };
    const args = ["--data", data, "--json"];
    const { result: code, stdout, stderr } = await printed(() => runCommand(command, args));
    assert.equal(code, 0, stderr);
    const summary = JSON.parse(stdout);

    await t.step("what it prints as typed shows the same folder when it is typed", async () => {
      const [, typed] = /^\$ deno (task status .+)$/m.exec(stderr)!;
      const shell = new Deno.Command("sh", {
        args: ["-c", `"$DENO" ${typed}`],
        env: { DENO: Deno.execPath() },
        cwd: ROOT,
      });
      const shown = await shell.output();
      assert.ok(shown.success);
      assert.match(
        new TextDecoder().decode(shown.stdout),
        /^Civicsky demo, .* in .*civicsky demo's /,
      );
    });

    await t.step("the counts of each stage", () => {
      const { posts } = expected;
      const labelled = posts.filter((post) => post.reason === null);
      const coded = posts.flatMap((post) => post.code ?? []);
      assert.deepEqual(
        {
          published: summary.published,
          deletions: summary.deletions,
          posts: summary.posts,
          passed: summary.passed_filters,
          labelled: summary.labelled,
          not_labelled: summary.not_labelled,
          political: summary.political,
          scored: summary.scored,
          not_scored: summary.not_scored,
          coded: summary.coded,
          not_coded: summary.not_coded,
          with_context: summary.with_context,
          sociopolitical: summary.sociopolitical,
          leans: summary.leans,
          rated: summary.rated,
          not_rated: summary.not_rated,
        },
        {
          published: expected.published,
          deletions: expected.deletions,
          posts: posts.length,
          passed: posts.filter((post) => !Object.values(post.flags).some(Boolean)).length,
          labelled: labelled.length,
          not_labelled: posts.length - labelled.length,
          political: labelled.filter((post) => post.political).length,
          scored: posts.filter((post) => post.unscored === null).length,
          not_scored: posts.filter((post) => post.unscored !== null).length,
          coded: coded.length,
          not_coded: posts.length - coded.length,
          with_context: coded.filter((code) => code.context_kinds.length > 0).length,
          sociopolitical: coded.filter((code) => code.is_sociopolitical).length,
          leans: ["left", "right", "unclear", "moderate"].map((lean) => ({
            lean,
            posts: coded.filter((code) => code.lean === lean).length,
          })),
          rated: coded.length,
          not_rated: posts.length - coded.length,
        },
      );
    });

    await t.step("what the feed gave is what its runs say, deleted or not", () => {
      const runs = stderr.matchAll(/^Collected (\d+) posts from [^\n]+\n {2}\d+ of at:/gm);
      const given = [...runs].map(([, posts]) => Number(posts));
      assert.equal(given.length, 7);
      assert.equal(summary.received_most_liked, given.reduce((sum, posts) => sum + posts, 0));
    });

    await t.step("each post's day, flags and label", async () => {
      const rows = await query<Record<string, unknown>>(
        escape(data),
        `SELECT p.did, p.text, p.date::VARCHAR AS day, flag_language, flag_minimum_length, flag_nsfw,
           flag_spam, flag_bots,
           l.reason, l.is_political, list_sort(coalesce(l.categories, [])) AS categories
         FROM read_parquet('{data}/posts/*/*.parquet') p
         JOIN read_parquet('{data}/labels/dictionary/*/*.parquet') l USING (uri, cid, date)
         ORDER BY p.did, p.text, day`,
      );
      const wanted = expected.posts.map((post) => ({
        did: accountOf(post.author).did,
        text: post.text,
        day: post.day,
        flag_language: post.flags.language,
        flag_minimum_length: post.flags.minimum_length,
        flag_nsfw: post.flags.nsfw,
        flag_spam: post.flags.spam,
        flag_bots: post.flags.bots,
        reason: post.reason,
        is_political: post.political,
        categories: post.categories.sort(),
      }));
      assert.deepEqual(rows.sort(byKey), wanted.sort(byKey));
    });

    await t.step("each post's 21 scores, or why it has none", async () => {
      const rows = await query<Record<string, unknown>>(
        escape(data),
        `SELECT p.did, p.text, p.date::VARCHAR AS day, l.was_successfully_labeled AS ok, l.reason,
           l.label_prob, contains(l.answer, 'civicsky demo: invented scores') AS is_marked,
           COLUMNS('^prob_')
         FROM read_parquet('{data}/posts/*/*.parquet') p
         JOIN read_parquet('{data}/labels/perspective/*/*.parquet') l USING (uri, cid, date)`,
      );
      const columns = Object.keys(expected.posts.find((post) => post.scores)!.scores!);
      assert.equal(columns.length, 21);
      const wanted = expected.posts.map((post) => ({
        did: accountOf(post.author).did,
        text: post.text,
        day: post.day,
        ok: post.unscored === null,
        reason: post.unscored,
        label_prob: 1,
        is_marked: post.unscored === null ? true : null,
        ...Object.fromEntries(columns.map((name) => [name, post.scores?.[name] ?? null])),
        // The service has it no longer.
        prob_constructive: null,
      }));
      assert.deepEqual(rows.sort(byKey), wanted.sort(byKey));
    });

    await checkModelLabels(t, escape(data), expected.posts);

    await t.step(
      "spam is what the three spam accounts wrote, all of it and nothing else",
      async () => {
        const authors = ["coinjoy", "freegains", "luckydrop"];
        const dids = authors.map((id) => `'${accountOf(id).did}'`).join(", ");
        const wrong = await query(
          escape(data),
          `SELECT did, text FROM read_parquet('{data}/posts/*/*.parquet')
         WHERE flag_spam <> (did IN (${dids}))`,
        );
        assert.deepEqual(wrong, []);
        assert.ok(expected.posts.filter((post) => post.flags.spam).length >= 15);
        assert.ok(expected.posts.filter((post) => post.flags.bots).length >= 10);
      },
    );

    await t.step("the most-liked feed of each day", async () => {
      const rows = await query<{ day: string; text: string }>(
        escape(data),
        `SELECT date::VARCHAR AS day, text FROM read_parquet('{data}/raw/most_liked/*/*.parquet')
         ORDER BY day, rank`,
      );
      const texts = new Map(expected.posts.map((post) => [post.id, post.text]));
      for (const [day, ids] of Object.entries(expected.mostLiked)) {
        // What was deleted later has left the table.
        const wanted = ids.flatMap((id) => texts.has(id) ? [texts.get(id)] : []);
        assert.deepEqual(rows.filter((row) => row.day === day).map((row) => row.text), wanted, day);
      }
    });

    await t.step("nothing of a deleted post or a removed account is left anywhere", async () => {
      const gone = await goneTexts();
      assert.ok(gone.length >= 15);
      for (const path of await filesOf(data)) {
        const content = path.endsWith(".parquet")
          ? JSON.stringify(await query(data, `SELECT * FROM read_parquet('${escape(path)}')`))
          : await Deno.readTextFile(path);
        for (const text of gone) {
          assert.ok(!content.includes(JSON.stringify(text).slice(1, -1)), `${path} holds ${text}`);
        }
      }
    });

    await t.step(
      "every file has a place, and what is forgotten by hand leaves all of them",
      async () => {
        assert.deepEqual(nobodysFiles(new DataPaths(data)), []);
        const [author] = await query(
          escape(data),
          `SELECT did, list(text ORDER BY uri) AS texts FROM '{data}/posts/*/*.parquet'
         WHERE length(text) > 30 GROUP BY did ORDER BY count(*) DESC, did LIMIT 1`,
        );
        const { did, texts } = author as { did: string; texts: string[] };
        assert.ok(texts.length >= 3);
        for (const task of [["aggregate"], ["export", "--with-uris"]]) {
          const { code, stderr } = await runTask([...task, "--data", data]);
          assert.equal(code, 0, stderr);
        }
        await Deno.copyFile(`${data}/exports/analysis-with-uris.csv`, `${data}/exports/copy.csv`);
        const { code, stderr } = await runTask(["forget", did, "--data", data]);
        assert.equal(code, 0, stderr);
        // Pages are as old as they are, and addresses stay in what others wrote in answer.
        const others = /"(reply_\w+|quoted\w*|record)":("([^"\\]|\\.)*"|null)/g;
        for (const path of (await filesOf(data)).filter((path) => !path.includes("/reports/"))) {
          const content = path.endsWith(".parquet")
            ? JSON.stringify(await query(data, `SELECT * FROM read_parquet('${escape(path)}')`))
              .replaceAll(others, "")
            : await Deno.readTextFile(path);
          for (const gone of [did, ...texts.map((text) => JSON.stringify(text).slice(1, -1))]) {
            assert.ok(!content.includes(gone), `${path} holds ${gone}`);
          }
        }
      },
    );

    await t.step("the page that it names is there and says that it is demo data", async () => {
      const page = await Deno.readTextFile(summary.report);
      assert.match(page, /Demo data/);
      assert.ok(page.includes("data:image/svg+xml;base64,"));
      const { code, stderr } = await runTask(["render", "01-overview", "--data", data]);
      assert.equal(code, 0, stderr);
      const again = await Deno.readTextFile(summary.report);
      assert.notEqual(again, page);
      assert.match(again, /role="note">Demo data\. Every account/);
    });
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("a second demo in the same folder ends with 3 and removes nothing of the first", async () => {
  const data = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${data}/.hash_key`, "0".repeat(64));
    await Deno.writeTextFile(`${data}/of_the_first`, "still here");
    await using _first = await lock(new DataPaths(data).locks(), "demo", "run demo");
    const { result: code, stderr } = await printed(() => runCommand(demoCommand, ["--data", data]));
    assert.equal(code, 3, stderr);
    assert.match(stderr, /^Cannot run demo: the same work is already running/m);
    assert.equal(await Deno.readTextFile(`${data}/of_the_first`), "still here");
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("the demo does not touch a folder with other data", async () => {
  const data = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${data}/thesis.txt`, "years of work");
    const { code, stderr } = await runTask(["demo", "--data", data]);
    assert.equal(code, 2);
    assert.match(stderr, /^Cannot run the demo: .* holds other data/);
    assert.equal(await Deno.readTextFile(`${data}/thesis.txt`), "years of work");
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

async function goneTexts(): Promise<string[]> {
  const { parse } = await import("yaml");
  const source = parse(await Deno.readTextFile("demo/sample.yaml")) as {
    posts: { text: string }[];
  };
  const kept = new Set(expected.posts.map((post) => post.text));
  return source.posts.map((post) => post.text).filter((text) => !kept.has(text));
}

async function filesOf(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) paths.push(...await filesOf(path));
    else paths.push(path);
  }
  return paths;
}

/** For a path inside an SQL string. */
function escape(path: string): string {
  return path.replaceAll("'", "''");
}

Deno.test("a demo that is stopped in any of its steps says so, and takes no other study", async () => {
  const data = await Deno.makeTempDir({ prefix: "civicsky-demo-" });
  try {
    for (const last of [1, 9]) {
      let steps = 0;
      const stopping = (words: string[], variables: Record<string, string>) =>
        ++steps === last ? Promise.resolve(4) : runHere(words, variables);
      const command: Command = { ...demoCommand, run: (context) => demo(context, stopping) };
      const { result, stdout, stderr } = await printed(() => runCommand(command, ["--data", data]));
      assert.equal(result, 4, stderr);
      assert.match(stdout, /^Stopped early\. The next deno task demo begins anew\.$/m);
      assert.equal(steps, last);
    }
    const other = ["--data", data, "--study", `${ROOT}study.yaml`];
    const { result } = await printed(() => runCommand(demoCommand, other));
    assert.equal(result, 2);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});
