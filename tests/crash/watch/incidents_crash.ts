/** Incidents of runs that are killed while they tell, and on a full disk. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Study } from "../../../etl/study/study.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { Child } from "../../etl/store/child.ts";
import { fill, testOnSmallDisk } from "../../etl/store/small_disk.ts";
import { Run, STUDY, withWebhook } from "../../etl/watch/settling_run.ts";
import { startWebhook } from "../../etl/watch/webhook_server.ts";

Deno.test("a run that is killed while it tells leaves it to the next, which also knows that it is to be mended", () =>
  withWebhook(async (run, webhook, data) => {
    const study = await studyFile(data, { webhook: webhook.url });
    const asked = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    webhook.before = () => {
      asked.resolve();
      return goOn.promise;
    };
    const child = new Child("watch/settle_script.ts", data, study, "daily/a");
    await asked.promise;
    await child.kill();
    goOn.resolve();
    const copy = `${data}-mended`;
    await copyFile(data, copy);
    await run.settle("daily/a");
    assert.equal(webhook.texts.length, 2, "it may have arrived, and is told again");
    await new Run(copy, run.study.notify).settle();
    assert.match(webhook.texts[2]!, /mended/);
    await Deno.remove(copy, { recursive: true });
  }));

testOnSmallDisk(
  "on a full disk an incident is told once, as room is kept for noting it, and so is its end",
  (disk) =>
    withSettledRun(disk, async (run, texts) => {
      const filling = await fill(disk);
      for (let times = 1; times <= 2; times++) await run.settle("daily/a");
      assert.deepEqual([texts.length, run.warnings], [1, []]);
      await Deno.remove(filling);
      await run.settle();
      assert.match(texts[1]!, /mended/);
      assert.equal((await Deno.stat(run.paths.incidentsReserve())).size, 65_536);
    }),
);

testOnSmallDisk(
  "on a full disk whose reserve is gone an incident is told, and again, as it cannot be noted",
  (disk) =>
    withSettledRun(disk, async (run, texts) => {
      await Deno.remove(run.paths.incidentsReserve());
      await fill(disk);
      for (let times = 1; times <= 2; times++) {
        await run.settle("daily/a");
        assert.equal(texts.length, times);
        assert.match(texts.at(-1)!, /daily\/a failed/);
        assert.match(run.warnings.at(-1)!, /^told incidents cannot be noted, and are told again/);
      }
    }),
);

/** Use a run that has settled once without an incident, and what it tells. */
async function withSettledRun(data: string, use: (run: Run, texts: string[]) => Promise<void>) {
  const webhook = startWebhook();
  try {
    const run = new Run(data, { webhook: webhook.url });
    await run.settle();
    await use(run, webhook.texts);
  } finally {
    await webhook.close();
  }
}

async function studyFile(data: string, notify: Study["notify"]): Promise<string> {
  const path = join(data, "study.yaml");
  await Deno.writeTextFile(path, JSON.stringify({ ...STUDY, notify }));
  return path;
}

async function copyFile(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  await Deno.copyFile(new DataPaths(from).incidents(), new DataPaths(to).incidents());
}
