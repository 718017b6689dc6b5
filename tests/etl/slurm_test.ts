import assert from "node:assert/strict";
import { join } from "node:path";
import { aggregateScript } from "../../etl/slurm/aggregate_script.ts";
import { labelScript } from "../../etl/slurm/label_script.ts";
import { sbatchOptions } from "../../etl/slurm/sbatch_options.ts";
import { shellWord } from "../../etl/run/shell_word.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { POSTS } from "../../etl/store/tables.ts";
import { uri } from "../raw.ts";
import { query, withData } from "../rows.ts";
import { writeRows } from "../table_file.ts";
import { runTask } from "../task.ts";
import { place, runJob } from "./slurm/slurm_job.ts";

const DAYS = ["2026-06-01", "2026-06-02", "2026-06-04"];
const AGAIN = "requeue 40_1";

/** Run something in a folder whose name is as hard on a shell as a path may be. */
async function withOddFolder(run: (folder: string) => Promise<void>): Promise<void> {
  await withData(async (data) => {
    const folder = join(data, "it's $HOME `a` 50%");
    await Deno.mkdir(folder);
    await run(folder);
  });
}

async function writeDays(data: string, days = DAYS): Promise<void> {
  for (const day of days) {
    const rows = [1, 2].map((n) => ({
      uri: uri(`${day}-${n}`),
      cid: `cid-${day}-${n}`,
      text: `The senate votes on the budget today, for the ${n}. time`,
      text_hash: `${day}-${n}`,
      detected_language: "en",
      passed_filters: true,
      in_most_liked: false,
    }));
    await writeRows(POSTS, rows, new DataPaths(data).posts(day));
  }
}

async function bash(args: string[], variables: Record<string, string> = {}) {
  // In a locale that the machine lacks, it says so.
  const env = { LC_ALL: "C", ...variables };
  const { code, stdout, stderr } = await new Deno.Command("bash", { args, env }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Give the folder in which Deno keeps packages. */
async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

Deno.test("scripts are written for the days that have posts, and bash can read them", async () => {
  await withOddFolder(async (folder) => {
    const data = join(folder, "data");
    await writeDays(data, [...DAYS, "2026-07-01"]);
    const args = ["slurm", "--data", data, "--until", "2026-06-30", "--json"];
    const options = "--partition=long  --account=sociology -t 30";
    // The packages that are there, under a name of their own.
    const packages = join(folder, "packages");
    await Deno.symlink(await denoDir(), packages);
    const { code, stdout, stderr } = await runTask([...args, "--sbatch", options], {
      DENO_DIR: packages,
      GROQ_API_KEY: "gsk_invented_key_of_tests",
    });
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /DENO_DIR is not set/);
    const { folder: written, days } = JSON.parse(stdout);
    assert.equal(written, join(data, "slurm", "classify-sociopolitical_2026-06-01_2026-06-04"));
    assert.equal(days, 3);
    const scripts = [...Deno.readDirSync(written)].filter(({ isFile }) => isFile)
      .map(({ name }) => name).sort();
    assert.deepEqual(scripts, ["aggregate.sh", "label.sh", "submit.sh"]);
    for (const name of scripts) {
      const path = join(written, name);
      assert.equal((await bash(["-n", path])).stderr, "", name);
      assert.doesNotMatch(await Deno.readTextFile(path), /gsk_/, "a key");
    }
    const label = await Deno.readTextFile(join(written, "label.sh"));
    const sbatch = [...label.matchAll(/^#SBATCH (.*)$/gm)].map(([, option]) => option);
    assert.deepEqual(sbatch.slice(-4), [
      "--array=0-2%1",
      "--partition=long",
      "--account=sociology",
      "-t 30",
    ]);
    assert.ok(sbatch.includes(`--output="${written.replace("%", "%%")}/logs/%A_%a.log"`));
    for (const option of ["--requeue", "--open-mode=append", "--signal=B:TERM@120"]) {
      assert.ok(sbatch.includes(option), option);
    }
    assert.ok(label.includes(`\nexport DENO_DIR=${shellWord(packages)}\n`));
  });
});

Deno.test("a task of the written array labels its day and no other", async () => {
  await withOddFolder(async (folder) => {
    const data = join(folder, "data");
    await writeDays(data);
    const { code, stdout, stderr } = await runTask(
      ["slurm", "--data", data, "--task", "classify:dictionary", "--json"],
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, /DENO_DIR is not set/);
    const script = join(JSON.parse(stdout).folder, "label.sh");
    const ran = await bash([script], { SLURM_ARRAY_JOB_ID: "40", SLURM_ARRAY_TASK_ID: "2" });
    assert.equal(ran.code, 0, ran.stderr);
    const labels = await query(
      data,
      `SELECT strftime(date, '%Y-%m-%d') AS date, count(*) AS n
       FROM read_parquet(['${
        data.replaceAll("'", "''")
      }/labels/dictionary/*/*.parquet']) GROUP BY ALL`,
    );
    assert.deepEqual(labels, [{ date: "2026-06-04", n: 2 }]);
  });
});

Deno.test("a task that is done, failed or cannot run ends its job so", async () => {
  await withOddFolder(async (folder) => {
    const script = labelScript(["classify:perspective", "--all"], DAYS, await place(folder));
    for (const status of [0, 1, 2]) {
      const ran = await runJob(folder, script, { exits: [status] });
      assert.equal(ran.code, status);
      assert.deepEqual(ran.orders, []);
      assert.deepEqual(ran.tasks, [
        "task -q classify:perspective --all --since 2026-06-02 --until 2026-06-02",
      ]);
    }
  });
});

Deno.test("a task that stopped early, found the work running or was killed starts again later", async () => {
  await withOddFolder(async (folder) => {
    const script = labelScript(["classify:perspective"], DAYS, await place(folder));
    for (const [status, seconds] of [[4, 1800], [3, 300], [137, 60]] as const) {
      const ran = await runJob(folder, script, { exits: [status] });
      assert.deepEqual(ran.orders, [AGAIN, `update JobId=40_1 StartTime=now+${seconds}`]);
      assert.equal(ran.tasks.length, 1, "its job ends there");
    }
  });
});

Deno.test("a job starts again so many times and then fails", async () => {
  await withOddFolder(async (folder) => {
    const script = labelScript(["classify:perspective"], DAYS, await place(folder));
    for (const [status, most] of [[4, 200], [3, 200], [137, 10]] as const) {
      const last = await runJob(folder, script, { exits: [status], restarts: most - 1 });
      assert.equal(last.orders[0], AGAIN);
      const over = await runJob(folder, script, { exits: [status], restarts: most });
      assert.deepEqual([over.code, over.orders], [status, []]);
      assert.match(over.stderr, /given up/);
    }
  });
});

Deno.test("at its time limit a job hands TERM to its task, waits for it and starts again at once", async () => {
  await withOddFolder(async (folder) => {
    const script = labelScript(["classify:perspective"], DAYS, await place(folder));
    const ran = await runJob(folder, script, { exits: [4], waits: true });
    assert.deepEqual(ran.tasks.slice(1), ["told TERM"]);
    assert.deepEqual(ran.orders, [AGAIN]);
    const done = await runJob(folder, script, { exits: [0], waits: true });
    assert.deepEqual(
      [done.code, done.orders],
      [0, []],
      "what was done all the same is not repeated",
    );
  });
});

Deno.test("a job that somebody cancelled does not come back", async () => {
  await withOddFolder(async (folder) => {
    const script = labelScript(["classify:perspective"], DAYS, await place(folder));
    const ran = await runJob(folder, script, { exits: [4], waits: true, state: "COMPLETING" });
    assert.deepEqual(ran.tasks.slice(1), ["told TERM"]);
    assert.deepEqual([ran.code, ran.orders], [4, []]);
  });
});

Deno.test("counting and rendering go on where they were stopped, and rendering needs the counts", async () => {
  await withOddFolder(async (folder) => {
    const script = aggregateScript(await place(folder));
    const both = await runJob(folder, script, { exits: [0, 0] });
    assert.deepEqual([both.code, both.tasks], [0, ["task -q aggregate", "task -q render"]]);
    const failed = await runJob(folder, script, { exits: [1, 0] });
    assert.deepEqual([failed.code, failed.tasks], [1, ["task -q aggregate"]]);
    const told = await runJob(folder, script, { exits: [0, 0], waits: true });
    assert.deepEqual(told.tasks, ["task -q aggregate", "told TERM"]);
    assert.deepEqual(told.orders, ["requeue 7"]);
  });
});

Deno.test("jobs are submitted in their order", async () => {
  await withOddFolder(async (folder) => {
    const data = join(folder, "data");
    await writeDays(data, DAYS.slice(0, 1));
    const { stdout } = await runTask(["slurm", "--data", data, "--json"]);
    const bin = join(folder, "bin");
    await Deno.mkdir(bin);
    const sbatch = '#!/usr/bin/env bash\necho "$PWD" "$@" >> "$SAID"\necho "51;ours"\n';
    await Deno.writeTextFile(join(bin, "sbatch"), sbatch, { mode: 0o755 });
    const written = JSON.parse(stdout).folder;
    const said = join(folder, "said");
    const env = { PATH: `${bin}:${Deno.env.get("PATH")}`, SAID: said };
    const ran = await bash([join(written, "submit.sh")], env);
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(
      await Deno.readTextFile(said),
      `${written} --parsable label.sh\n${written} --parsable --dependency=afterany:51 aggregate.sh\n`,
    );
  });
});

Deno.test("what scripts cannot be written for is a usage error", async () => {
  await withData(async (data) => {
    const refused = async (args: string[], reason: RegExp) => {
      const { code, stderr } = await runTask(["slurm", "--data", data, ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, reason);
    };
    await refused([], /there are no posts of these days\n {2}Sync or import some/);
    await refused(["--task", "classify:perspective --since=2026-06-01"], /has --since=2026-06-01/);
  });
});

Deno.test("a task that the days of an array would refuse is a usage error before any script is written", async () => {
  await withData(async (data) => {
    await writeDays(data);
    const refused = {
      "classify:sociopolitcal":
        /is not a task that labels; these are classify:dictionary, classify:/,
      "aggregate": /is not a task that labels; these are classify:dictionary, classify:/,
      "classify:dictionary --nix":
        /Cannot run classify:dictionary: unknown option '--nix'\n {2}See/,
      "classify:dictionary --limit many": /--limit "many" is not a whole number/,
      "classify:dictionary posts": /Cannot run classify:dictionary: too many arguments/,
      "classify:dictionary -h": /has -h, which the scripts set themselves/,
    };
    for (const [task, reason] of Object.entries(refused)) {
      const { code, stderr } = await runTask(["slurm", "--data", data, "--task", task]);
      assert.equal(code, 2, task);
      assert.match(stderr, reason);
    }
    await assert.rejects(Deno.stat(`${data}/slurm`), Deno.errors.NotFound);
  });
});

Deno.test("options of sbatch are told apart, and those that the scripts rest on are refused", () => {
  assert.deepEqual(sbatchOptions("--mem=4G", ["-p long"]), ["-p long", "--mem=4G"]);
  assert.deepEqual(sbatchOptions("-A x --nice -C 'a&b' --mail-type=END,FAIL"), [
    "-A x",
    "--nice",
    "-C 'a&b'",
    "--mail-type=END,FAIL",
  ]);
  for (
    const text of ["", "long", "--mem=4G\n--array=1", "-a 0-5", "-d afterok:1", "--wrap=rm", "- x"]
  ) {
    assert.throws(() => sbatchOptions(text), RangeError, text);
  }
});

Deno.test("a word of a shell is what it was", async () => {
  const words = ["plain/path-1.2", "a b", "it's", "$HOME", "`x`", 'a"b', "a\\b", "*", ""];
  const { stdout } = await bash(["-c", `printf '%s\\n' ${words.map(shellWord).join(" ")}`]);
  assert.deepEqual(stdout.split("\n").slice(0, -1), words);
});
