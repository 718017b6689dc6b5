import assert from "node:assert/strict";
import { join } from "node:path";
import { readStudy, type Study } from "../../../etl/run/study.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { heartbeat } from "../../../etl/watch/heartbeat.ts";
import { type Incident, settleIncidents } from "../../../etl/watch/incidents.ts";
import { withData } from "../../rows.ts";
import { ROOT } from "../../task.ts";
import { Child } from "../store/child.ts";
import { fill, testOnSmallDisk } from "../store/small_disk.ts";
import { startWebhook, type WebhookServer } from "./webhook_server.ts";

const STUDY = readStudy(join(ROOT, "study.yaml"));
const MACHINE = Deno.hostname();

function incident(key: string, title = `${key} failed`): Incident {
  return { key, title, remedy: "Run it again" };
}

/** Settles as a run does, and keeps what it warned of. */
class Run {
  readonly warnings: string[] = [];
  readonly signal = new AbortController().signal;
  readonly paths: DataPaths;
  readonly study: Study;
  readonly warn = (text: string) => {
    this.warnings.push(text);
  };

  constructor(data: string, notify: Study["notify"]) {
    this.paths = new DataPaths(data);
    this.study = { ...STUDY, notify };
  }

  settle(...keys: string[]) {
    return settleIncidents(this, "daily", keys.map((key) => incident(key)));
  }
}

async function withWebhook(
  run: (run: Run, webhook: WebhookServer, data: string) => Promise<void>,
  notify: Study["notify"] = {},
): Promise<void> {
  const webhook = startWebhook();
  try {
    await withData((data) =>
      run(new Run(data, { webhook: webhook.url, ...notify }), webhook, data)
    );
  } finally {
    await webhook.close();
  }
}

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
  }));

Deno.test("what nothing can mend is told once, and not that it is no more", () =>
  withWebhook(async (run, webhook) => {
    const lost: Incident = { ...incident("daily/a"), isFinal: true };
    for (const current of [[lost], [lost], [], []]) await settleIncidents(run, "daily", current);
    assert.equal(webhook.texts.length, 1);
  }));

Deno.test("what a webhook does not take is a warning without its address, and told at the next run", () =>
  withWebhook(async (run, webhook, data) => {
    for (const status of [500, 302]) {
      webhook.status = status;
      assert.deepEqual((await run.settle("daily/a", "daily/b")).untold, ["daily/a", "daily/b"]);
      assert.match(
        run.warnings.at(-1)!,
        new RegExp(`^webhook: 127.0.0.1:\\d+ answers HTTP ${status}`),
      );
    }
    const nobody = new Run(data, { webhook: "http://127.0.0.1:1/services/SECRET" });
    await nobody.settle("daily/a", "daily/b");
    assert.match(
      nobody.warnings[0]!,
      /^webhook: 127\.0\.0\.1:1 cannot be reached; it is tried again/,
    );
    assert.doesNotMatch([...run.warnings, ...nobody.warnings].join(), /SECRET/);
    assert.deepEqual([run.warnings.length, nobody.warnings.length], [2, 1]);
    webhook.status = 200;
    // What nobody was told of is nobody's news when it is mended.
    await run.settle("daily/a");
    await run.settle("daily/a");
    assert.deepEqual(webhook.texts.map((text) => text.split("\n")[0]), [
      `My study on ${MACHINE}: daily/a failed`,
    ]);
    webhook.status = 500;
    await run.settle();
    webhook.status = 200;
    await run.settle();
    await run.settle();
    assert.equal(webhook.texts.length, 2);
    assert.match(webhook.texts[1]!, /mended/);
  }));

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

Deno.test("two processes that find the same incident at the same time tell it once", () =>
  withWebhook(async (_run, webhook, data) => {
    const study = await studyFile(data, { webhook: webhook.url });
    const both = [1, 2].map(() => new Child("watch/settle_script.ts", data, study, "daily/a"));
    const settled = await Promise.all(both.map((child) => child.line()));
    assert.deepEqual(settled.map((line) => JSON.parse(line!).opened.length).sort(), [0, 1]);
    assert.equal(webhook.texts.length, 1);
    for (const child of both) await child.kill().catch(() => {});
  }));

Deno.test("a command gets the message on its input and in its environment, and no shell reads it", () =>
  withData(async (data) => {
    const said = join(data, "said.txt");
    const script = 'cat > "$1"; echo "$CIVICSKY_EVENT $CIVICSKY_INCIDENT $CIVICSKY_TITLE" >> "$1"';
    const command = ["sh", "-c", script, "sh", said];
    const run = new Run(data, { command });
    await settleIncidents(run, "daily", [incident("daily/a", "$(touch /nowhere) `id` failed")]);
    assert.equal(
      await Deno.readTextFile(said),
      `My study on ${MACHINE}: $(touch /nowhere) \`id\` failed\nRun it again\n` +
        "open daily/a $(touch /nowhere) `id` failed\n",
    );
    await run.settle();
    assert.match(await Deno.readTextFile(said), /mended: .*\nmended daily\/a /);
    assert.deepEqual(run.warnings, []);
    for (
      const [words, warning] of [
        [["sh", "-c", "exit 7"], /^command: sh ended with exit status 7; it is tried again/],
        [["sh", "-c", "kill -9 $$"], /^command: sh ended with SIGKILL/],
        [["/no/such/program"], /^command: \/no\/such\/program cannot be started/],
      ] as const
    ) {
      const failing = new Run(data, { command: [...words] });
      assert.deepEqual((await failing.settle("daily/b")).untold, ["daily/b"]);
      assert.match(failing.warnings[0]!, warning);
    }
  }));

Deno.test("a channel that fails does not keep the other from being told, nor tells it twice", () =>
  withWebhook(async (run, webhook) => {
    await run.settle("daily/a");
    await run.settle("daily/a");
    assert.equal(webhook.texts.length, 1);
    assert.equal(run.warnings.length, 2);
    await run.settle();
    assert.equal(webhook.texts.length, 2);
  }, { command: ["false"] }));

Deno.test("a message is bounded, on one line a part, calls nobody by name and holds no secret", () =>
  withWebhook(async (run, webhook) => {
    const secret = run.study.notify.webhook!;
    const title = `<!channel> @all \u0000\u202e\r\n${secret} \ud800 & ${"😀".repeat(1e6)}`;
    await settleIncidents(run, "daily", [incident("daily/a", title)]);
    const [text] = webhook.texts;
    assert.match(text!, /: &lt;!channel&gt; @\u200ball … \ufffd &amp; 😀+…\nRun it again$/u);
    assert.ok([...text!].length < 400, String(text!.length));
    assert.ok((await Deno.stat(run.paths.incidents())).size <= 4096);
  }));

Deno.test("a damaged file of incidents is kept aside, and what lasts is told again", () =>
  withWebhook(async (run, webhook) => {
    await run.settle("daily/a");
    await Deno.writeTextFile(run.paths.incidents(), '[{"key":');
    await run.settle("daily/a");
    assert.equal(webhook.texts.length, 2);
    assert.match(run.warnings[0]!, /incidents\.json is damaged: what lasts is told again$/);
    assert.equal(await Deno.readTextFile(`${run.paths.incidents()}.damaged`), '[{"key":');
  }));

testOnSmallDisk("on a full disk an incident is told once too", async (disk) => {
  const webhook = startWebhook();
  const run = new Run(disk, { webhook: webhook.url });
  await run.settle();
  await fill(disk);
  for (let times = 0; times < 3; times++) await run.settle("daily/a");
  await run.settle();
  assert.deepEqual(webhook.texts.map((text) => /mended/.test(text)), [false, true]);
  assert.deepEqual(run.warnings, []);
  // Without a file from before, it cannot be noted, and is better told twice than not at all.
  await Deno.remove(run.paths.incidents());
  await Deno.writeFile(`${disk}/more`, new Uint8Array(4096)).catch(() => {});
  await run.settle("daily/b");
  assert.match(webhook.texts[2]!, /daily\/b failed/);
  assert.match(run.warnings[0]!, /^what is told cannot be noted, and is told again/);
  await webhook.close();
});

Deno.test("the heartbeat address is asked for, and tried again before a warning without the address", () =>
  withWebhook(async (_run, webhook, data) => {
    const run = new Run(data, { heartbeat: webhook.url });
    webhook.before = () => {
      webhook.status = webhook.beats.length === 0 ? 503 : 200;
    };
    await heartbeat(run, [0, 0]);
    assert.deepEqual(webhook.beats, ["/services/T0/SECRET", "/services/T0/SECRET"]);
    const nobody = new Run(data, { heartbeat: "http://127.0.0.1:1/SECRET" });
    await heartbeat(nobody, [0, 0]);
    assert.deepEqual(nobody.warnings, [
      "the heartbeat was not sent: 127.0.0.1:1 cannot be reached",
    ]);
  }));

async function studyFile(data: string, notify: Study["notify"]): Promise<string> {
  const path = join(data, "study.yaml");
  await Deno.writeTextFile(path, JSON.stringify({ ...STUDY, notify }));
  return path;
}

async function copyFile(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  await Deno.copyFile(new DataPaths(from).incidents(), new DataPaths(to).incidents());
}
