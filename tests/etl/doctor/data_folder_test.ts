/** What the doctor says of the files of the data folder. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { batches } from "../../../etl/doctor/batches.ts";
import { damagedFiles } from "../../../etl/doctor/damaged_files.ts";
import { halfWritten, unlanded } from "../../../etl/doctor/leftovers.ts";
import { locks } from "../../../etl/doctor/locks.ts";
import { type OpenBatch, storeBatch } from "../../../etl/labels/open_batch.ts";
import { now } from "../../../etl/run/clock.ts";
import { thisProcess } from "../../../etl/store/owner.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { rawFolder, uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { aged, examined, levels } from "./patient.ts";

const TEXT = "a sentence that nobody else should read";

Deno.test("a table that was cut, one with a damaged page and a state that is no JSON are named, whole ones not", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    const part = (day: string, name: string) =>
      folder.raw("firehose", day, name, [{
        uri: uri("1"),
        event_time: `${day} 10:00:00`,
        text: TEXT.repeat(40),
      }]);
    await part("2026-06-01", "whole");
    await aged(join(data, "samples/perspective/0123.json"), 1, "{}");
    assert.deepEqual(levels(await examined(data, damagedFiles)), ["ok"]);
    const cut = await part("2026-06-02", "cut");
    await Deno.truncate(cut, 100);
    const page = await part("2026-06-03", "page");
    const bytes = await Deno.readFile(page);
    bytes.fill(0xff, 4, 600);
    await Deno.writeFile(page, bytes);
    const json = await aged(join(data, "samples/perspective/4567.json"), 1, '{"2026');
    const found = await examined(data, damagedFiles);
    assert.deepEqual(levels(found), ["problem", "problem", "problem"]);
    for (const [index, path] of [page, cut, json].entries()) {
      assert.ok(found[index]!.found.includes(path), found[index]!.found);
      assert.match(found[index]!.remedy!, /Put back a copy from a backup/);
    }
    assert.ok(!JSON.stringify(found).includes(TEXT));
    const quick = await examined(data, (examination) => damagedFiles(examination, 1));
    assert.deepEqual(quick, found, "an end that is missing is found without reading the rest");
  }));

Deno.test("what was received and not landed is named with its task: noted for a day, then warned of", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    await aged(join(paths.journal("jetstream"), "now.jsonl"), 0, TEXT);
    assert.deepEqual(levels(await examined(data, unlanded)), ["ok"]);
    await aged(join(paths.journal("jetstream"), "a.jsonl"), 3, TEXT);
    await aged(join(paths.journal("counts"), "b.jsonl"), 50, TEXT);
    await aged(join(paths.answers("perspective", "0123"), "c.jsonl"), 50, TEXT);
    const found = await examined(data, unlanded);
    assert.deepEqual(
      found.map(({ level, remedy }) => [level, /deno task (\S+),/.exec(remedy!)![1]]),
      [["warning", "sync:most-liked"], ["note", "sync:jetstream"], [
        "warning",
        "classify:perspective",
      ]],
    );
    assert.match(
      found[0]!.found,
      /^1 file \(0\.0 MB\) of what was received from counts .* 50\.0 h old$/,
    );
    assert.ok(!JSON.stringify(found).includes(TEXT));
  }));

Deno.test("half-written files and spills of dead runs are noted, those of runs at work are not, and all stay", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    await aged(`${paths.posts("2026-06-01")}.0a1b2c3d.part`, 0);
    assert.deepEqual(levels(await examined(data, halfWritten)), ["ok"]);
    const left = [
      await aged(`${paths.posts("2026-06-02")}.0a1b2c3d.part`, 5),
      await aged(`${paths.rawPart("firehose", "2026-06-02", "a")}.0a1b2c3d.part`, 5),
      await aged(join(data, `tmp-${Deno.hostname()}-1-2-0a1b2c3d`, "block.tmp"), 5),
    ];
    const found = await examined(data, halfWritten);
    assert.deepEqual(levels(found), ["note", "note"]);
    assert.match(found[0]!.found, /^2 files .* in posts, raw$/);
    assert.match(found[1]!.found, /^1 file .* spilled/);
    for (const path of left) assert.ok((await Deno.stat(path)).isFile);
  }));

Deno.test("the lock of a process that is gone is noted, and that of one that works is not", () =>
  withData(async (data) => {
    const folder = new DataPaths(data).locks();
    const owner = thisProcess();
    await aged(join(folder, "preprocess.lock"), 0, JSON.stringify(owner));
    assert.deepEqual(levels(await examined(data, locks)), ["ok"]);
    const dead = { ...owner, token: "t", host: "node17", pid: 4711 };
    await aged(join(folder, "sync-firehose.lock"), 1, JSON.stringify(dead));
    await aged(join(folder, "aggregate.lock"), 1, '{"token"');
    const found = await examined(data, locks);
    assert.deepEqual(levels(found), ["note"]);
    assert.match(
      found[0]!.found,
      /^2 locks belong to .*: aggregate, sync-firehose \(process 4711 on node17\)$/,
    );
  }));

Deno.test("a batch that has been under way for more than a day is warned of with what lands it", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    const batch = (name: string, hours: number): OpenBatch => ({
      name,
      classifier: "sociopolitical",
      label_set_id: "0123456789abcdef",
      stage: "created",
      host: "api.groq.com",
      folder: null,
      model: "m",
      posts: 100,
      requests: 100,
      cost: 0.1,
      written_at: new Date(now().getTime() - hours * 3_600_000).toISOString(),
      file_id: "f",
      batch_id: "b",
      status: "in_progress",
      looked_at: null,
      answered: 0,
      expires_at: null,
    });
    await Deno.mkdir(paths.batches("sociopolitical", "0123456789abcdef"), { recursive: true });
    await storeBatch(paths, batch("new", 2));
    assert.deepEqual(levels(await examined(data, batches)), ["ok"]);
    await storeBatch(paths, batch("old", 30));
    const [found] = await examined(data, batches);
    assert.equal(found!.level, "warning");
    assert.match(
      found!.found,
      /^1 batch of classify:sociopolitical \(100 posts\) .* 30 h$|30\.0 h$/,
    );
    assert.match(found!.remedy!, /deno task classify:sociopolitical --batch,/);
  }));
