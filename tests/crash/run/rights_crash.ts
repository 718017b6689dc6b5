/** What tasks say to a user who may not write or read in the data folder. */
import assert from "node:assert/strict";
import { onlyThese } from "../../../etl/run/environment.ts";
import { denoStart, readTasks } from "../../../etl/run/task_command.ts";
import { CLASSIFIERS } from "../../../classifiers/list.ts";
import { TASKS } from "../../../main.ts";
import { DID, rawFolder, uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";
import { ROOT, runTask } from "../../task.ts";

/** Root may read and write anything; without these capabilities it has the rights of the owner. */
const WITHOUT = ["dac_override", "dac_read_search"].map((name) => `-${name}`).join(",");
const [PROGRAM, ...BEFORE] = Deno.build.os !== "windows" && Deno.uid() === 0
  ? ["setpriv", `--bounding-set=${WITHOUT}`, `--inh-caps=${WITHOUT}`, Deno.execPath()]
  : [Deno.execPath()];
const NO_USER = Deno.build.os === "windows" || !await canStart();

const ENV = { CIVICSKY_STUDY: SHIPPED_STUDY, CIVICSKY_CLOCK: "2026-06-10T12:00:00Z" };
/** These need no data folder, or make one. */
const WITHOUT_DATA = ["demo", "schedule", "slurm"];
const ARGUMENTS: Record<string, string[]> = { forget: [DID], panel: ["--size", "100"] };

async function canStart(): Promise<boolean> {
  try {
    return (await new Deno.Command(PROGRAM!, { args: [...BEFORE, "--version"], stdout: "null" })
      .output()).success;
  } catch {
    return false;
  }
}

/** Run a task as a process whose user is bound by the modes of files and folders. */
async function asUser(data: string, task: string, args: string[] = ARGUMENTS[task] ?? []) {
  const start = denoStart(readTasks()[task]!.command)!;
  const { code, stdout, stderr } = await new Deno.Command(PROGRAM!, {
    args: [...BEFORE, ...start.args, ...args, "--data", data],
    cwd: ROOT,
    env: { NO_COLOR: "1", ...start.env, ...onlyThese(ENV) },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Run a task without rights somewhere; it must fail, name what it is about and say the remedy. */
async function refused(data: string, about: string, task: string, args?: string[]) {
  const { code, stderr } = await asUser(data, task, args);
  assert.equal(code, 1, `${task}: ${stderr}`);
  const error = stderr.slice(stderr.indexOf("Cannot ")).trimEnd();
  assert.match(
    error,
    /^Cannot [^\n]+\n {2}Give the user that runs this task the right to [^\n]+$/,
    task,
  );
  assert.ok(error.includes(about), `${task}: ${error}`);
}

async function withRights(path: string, mode: number, use: () => Promise<void>): Promise<void> {
  const { mode: before } = await Deno.stat(path);
  await Deno.chmod(path, mode);
  try {
    await use();
  } finally {
    await Deno.chmod(path, before!);
  }
}

/** Do a task with the rights of the test, so that the one after it has something to do. */
async function done(data: string, task: string, ...args: string[]) {
  const { code, stderr } = await runTask([task, ...args, "--data", data], ENV);
  assert.equal(code, 0, `${task}: ${stderr}`);
}

async function layPosts(data: string, days: string[]) {
  const folder = await rawFolder(data);
  for (const day of days) {
    const rows = [{ uri: uri(`p${day}`), cid: "c", event_time: `${day} 10:00:00` }];
    await folder.raw("firehose", day, `p.${day}_${day}`, rows);
  }
}

Deno.test({
  name: "a data folder that the user may not write to is a clear error in every task",
  ignore: NO_USER,
  fn: () =>
    withData(async (data) => {
      await layPosts(data, ["2026-06-09"]);
      await done(data, "preprocess");
      const names = Object.values(TASKS).flatMap((group) => Object.keys(group));
      const file = `${data}/posts.csv`;
      await Deno.writeTextFile(file, "");
      const looking = ["status", "doctor"];
      await withRights(`${data}/runs`, 0o555, () =>
        withRights(`${data}/runs/date=2026-06-10`, 0o555, () =>
          withRights(data, 0o555, async () => {
            const writing = names.filter((name) =>
              ![...WITHOUT_DATA, ...looking].includes(name)
            );
            assert.ok(writing.length > Object.keys(CLASSIFIERS).length + 10);
            for (const task of writing) {
              await refused(data, `${data}/runs`, task, task === "import" ? [file] : undefined);
            }
            const status = await asUser(data, "status");
            assert.equal(status.code, 0, status.stderr);
            const check = await asUser(data, "status", ["--check"]);
            assert.equal(check.code, 1);
            assert.match(
              check.stdout,
              /^overdue: nothing can be written to the data folder: Perm/m,
            );
            const doctor = await asUser(data, "doctor");
            assert.equal(doctor.code, 1);
            assert.ok(doctor.stdout.includes(`the data folder ${data} cannot be written to\n`));
            for (const { stderr } of [status, check, doctor]) {
              assert.doesNotMatch(stderr, /Uncaught|^ +at /m);
            }
          })));
    }),
});

Deno.test({
  name: "a folder in the data folder that the user may not write to is named by what writes there",
  ignore: NO_USER,
  fn: () =>
    withData(async (data) => {
      await layPosts(data, ["2026-06-09"]);
      const file = `${data}/posts.csv`;
      await Deno.writeTextFile(
        file,
        `uri,created_at,text\n${uri("a")},2026-06-09T10:00:00Z,Will the senate vote?\n`,
      );
      const cases: [string, string, string[]?][] = [
        ["sync:firehose", "locks"],
        ["sync:jetstream", "locks"],
        ["sync:most-liked", "journal"],
        ["import", "journal", [file]],
        ["import", "raw", [file]],
        ["preprocess", "posts"],
        ["classify:dictionary", "labels"],
        ["classify:dictionary", "label_sets"],
        ["aggregate", "aggregates"],
        ["render", "reports", ["01-overview"]],
        ["methods", "reports"],
        ["export", "exports"],
        ["compact", "locks"],
        ["forget", "raw"],
        ["daily", "locks"],
      ];
      for (const [index, [task, folder, args = ARGUMENTS[task] ?? []]] of cases.entries()) {
        await Deno.mkdir(`${data}/${folder}`, { recursive: true });
        await withRights(`${data}/${folder}`, 0o555, () =>
          refused(data, `${data}/${folder}/`, task, args));
        // What comes after it rests on it.
        const isLast = cases[index + 1]?.[0] !== task;
        if (isLast && ["import", "preprocess", "classify:dictionary"].includes(task)) {
          await done(data, task, ...args);
        }
      }
    }),
});

Deno.test({
  name: "a file of the data folder that the user may not read is named by what reads it",
  ignore: NO_USER,
  fn: () =>
    withData(async (data) => {
      await layPosts(data, ["2026-06-09"]);
      await done(data, "preprocess");
      const path = `${data}/posts/date=2026-06-09/posts.parquet`;
      await withRights(path, 0o000, async () => {
        const readers = [
          "status",
          "preprocess",
          "classify:dictionary",
          "aggregate",
          "render",
          "methods",
          "export",
          "forget",
        ];
        for (const task of readers) await refused(data, path, task);
      });
      // Deno does not say which path it was; the remedy names the folder.
      await withRights(`${data}/locks`, 0o000, () => refused(data, "data folder", "preprocess"));
    }),
});
