import assert from "node:assert/strict";
import { join } from "node:path";
import type { Study } from "../../../etl/study/study.ts";
import { type Incident, settleIncidents } from "../../../etl/watch/incidents.ts";
import { Child } from "../store/child.ts";
import { incident, MACHINE, STUDY, withWebhook } from "./settling_run.ts";

Deno.test("an incident is told once, once more when it is mended, and anew when it comes back", () =>
  withWebhook(async (run, webhook) => {
    assert.deepEqual(await run.settle("daily/a", "daily/b"), {
      opened: ["daily/a", "daily/b"],
      mended: [],
      untold: [],
    });
    assert.deepEqual(webhook.texts, [
      `My study on ${MACHINE}: daily/a failed\nRun it again`,
      `My study on ${MACHINE}: daily/b failed\nRun it again`,
    ]);
    assert.deepEqual((await run.settle("daily/a", "daily/b")).opened, []);
    // Another scope's settlement is none of its own.
    await settleIncidents(run, "overdue", []);
    assert.equal(webhook.texts.length, 2);
    assert.deepEqual((await run.settle("daily/b")).mended, ["daily/a"]);
    assert.match(webhook.texts[2]!, /: mended: daily\/a failed \(since \d{4}-.* UTC\)$/);
    await run.settle("daily/b");
    await run.settle("daily/a", "daily/b");
    await run.settle();
    await run.settle();
    assert.deepEqual(webhook.texts.slice(3).map((text) => /mended/.test(text)), [
      false,
      true,
      true,
    ]);
    assert.deepEqual(run.warnings, []);
    // What a webhook that was down did not take, whichever scope settles next tells.
    webhook.status = 500;
    await run.settle("daily/c");
    webhook.status = 200;
    await settleIncidents(run, "overdue", []);
    assert.match(webhook.texts.at(-1)!, /: daily\/c failed\n/);
  }));

Deno.test("what nothing can mend is told once, and not that it is no more", () =>
  withWebhook(async (run, webhook) => {
    const lost: Incident = { ...incident("daily/a"), isFinal: true };
    for (const current of [[lost], [lost], [], []]) await settleIncidents(run, "daily", current);
    assert.equal(webhook.texts.length, 1);
  }));

Deno.test("two processes that find the same incident at the same time tell it once", () =>
  withWebhook(async (_run, webhook, data) => {
    const study = await studyFile(data, { webhook: webhook.url });
    const both = [1, 2].map(() => new Child("watch/settle_script.ts", data, study, "daily/a"));
    const settled = await Promise.all(both.map((child) => child.line()));
    assert.deepEqual(settled.map((line) => JSON.parse(line!).opened.length).sort(), [0, 1]);
    assert.equal(webhook.texts.length, 1);
    for (const child of both) await child.kill().catch(() => {});
  }));

Deno.test("a channel that fails does not keep the other from being told, nor has it told twice", () =>
  withWebhook(async (run, webhook) => {
    await run.settle("daily/a");
    await run.settle("daily/a");
    assert.equal(webhook.texts.length, 1);
    assert.equal(run.warnings.length, 1);
    await run.settle();
    assert.equal(webhook.texts.length, 2);
  }, { command: ["false"] }));

Deno.test("a damaged file of incidents is kept aside, and what lasts is told again", () =>
  withWebhook(async (run, webhook) => {
    await run.settle("daily/a");
    await Deno.writeTextFile(run.paths.incidents(), '[{"key":');
    await run.settle("daily/a");
    assert.equal(webhook.texts.length, 2);
    assert.match(run.warnings[0]!, /incidents\.json is damaged: open incidents are told again$/);
    assert.equal(await Deno.readTextFile(`${run.paths.incidents()}.damaged`), '[{"key":');
  }));

async function studyFile(data: string, notify: Study["notify"]): Promise<string> {
  const path = join(data, "study.yaml");
  await Deno.writeTextFile(path, JSON.stringify({ ...STUDY, notify }));
  return path;
}

Deno.test("a file of incidents of an earlier version is read, and what it says was told is not told again", () =>
  withWebhook(async (run, webhook) => {
    const entry = (key: string, told: Record<string, string>) => ({
      key,
      title: `${key} failed`,
      remedy: "Run it again",
      is_final: false,
      since: "2026-06-01T00:00:00.000Z",
      mended_at: null,
      told,
    });
    const entries = [
      entry("daily/a", { webhook: "told" }),
      entry("daily/b", { webhook: "missed" }),
    ];
    await Deno.writeTextFile(
      run.paths.incidents(),
      `${JSON.stringify(entries)}${" ".repeat(4000)}`,
    );
    await run.settle("daily/a", "daily/b");
    assert.deepEqual(webhook.texts.map((text) => /daily\/./.exec(text)![0]), ["daily/b"]);
  }));
