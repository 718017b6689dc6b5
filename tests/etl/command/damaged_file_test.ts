import assert from "node:assert/strict";
import { DataPaths } from "../../../etl/store/paths.ts";
import { rawFolder, uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { garble } from "../../garbled.ts";
import { runTask } from "../../task.ts";

const DAY = "2026-06-01";

/** Fill a folder with posts, labels and removals, all made by tasks. */
async function fill(data: string): Promise<void> {
  const folder = await rawFolder(data);
  const rows = Array.from({ length: 40 }, (_, index) => ({
    uri: uri(`r${index}`),
    cid: `c${index}`,
    event_time: `${DAY} 10:00:${10 + index}`,
    text: `The senate votes on bill ${index ** 5} tonight and congress debates it`,
  }));
  await folder.raw("firehose", DAY, `a.${DAY}_${DAY}`, rows);
  for (const args of [["preprocess"], ["classify:dictionary"], ["forget", uri("r1")]]) {
    const { code, stderr } = await runTask([...args, "--data", data]);
    assert.equal(code, 0, stderr);
  }
}

Deno.test("whichever file a task stumbles over, its error names the file and what was to be done, and shows no query", () =>
  withData(async (data) => {
    await fill(data);
    const paths = new DataPaths(data);
    const [tombstone] = paths.files("raw/tombstones");
    const cases: [task: string, path: string, doing: string][] = [
      ["export", paths.labelSets("dictionary"), "run export"],
      ["export", tombstone!.path, "export posts"],
      ["export", paths.posts(DAY), `export ${DAY}`],
      ["preprocess", tombstone!.path, "preprocess"],
      ["classify:dictionary", paths.posts(DAY), "run classify:dictionary"],
    ];
    for (const [task, path, doing] of cases) {
      const whole = await Deno.readFile(path);
      for (const harm of [(path: string) => Deno.truncate(path), garble]) {
        await harm(path);
        const { code, stderr } = await runTask([task, "--data", data]);
        assert.equal(code, 1, task);
        const said = `Cannot ${doing}: the file ${path} is damaged (`;
        assert.ok(stderr.includes(said), `${said}\n${stderr}`);
        assert.match(stderr, /\n {2}Put back a copy/);
        assert.doesNotMatch(stderr, /LINE \d|SELECT|\n +at /);
        await Deno.writeFile(path, whole);
      }
    }
  }));

Deno.test("a study that is a folder or has no name is a usage error that says so", () =>
  withData(async (data) => {
    const said = async (study: string) => {
      const { code, stderr } = await runTask(["status", "--data", data, "--study", study]);
      assert.equal(code, 2, stderr);
      return stderr;
    };
    assert.equal(
      await said(data),
      `Cannot read the study: ${data} is a folder and no file\n` +
        "  Name the study file with --study FILE, or restore study.yaml from git\n",
    );
    assert.match(await said(""), /^Cannot run status: --study names no file\n {2}Name the study/);
  }));

Deno.test("no task of looking fails over a damaged row of the ledger, and each that reads it names it", () =>
  withData(async (data) => {
    await fill(data);
    const paths = new DataPaths(data);
    const [cut, garbled] = paths.files("runs").map(({ path }) => path);
    await Deno.truncate(cut!, 100);
    await garble(garbled!);
    for (const task of ["status", "methods", "export", "doctor"]) {
      const { code, stderr } = await runTask([task, "--data", data]);
      assert.equal(code, 0, `${task}: ${stderr}`);
      if (task === "export" || task === "doctor") continue;
      for (const path of [cut, garbled]) {
        assert.ok(stderr.includes(`a run is missing: the file ${path} is damaged (`), stderr);
      }
    }
    const page = await Deno.readTextFile(`${data}/reports/methods.md`);
    assert.match(page, /\nDamaged files of the ledger, whose runs are missing here: 2\.\n/);
    assert.match(page, /\n\| forget /);
  }));
