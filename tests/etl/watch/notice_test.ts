import assert from "node:assert/strict";
import { join } from "node:path";
import { heartbeat } from "../../../etl/watch/heartbeat.ts";
import { settleIncidents } from "../../../etl/watch/incidents.ts";
import type { Notice } from "../../../etl/watch/notice.ts";
import { noticeCommand } from "../../../etl/watch/notice_command.ts";
import { withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { incident, MACHINE, Run, withWebhook } from "./settling_run.ts";
import { watchedStudy } from "./watched_study.ts";
import { startWebhook } from "./webhook_server.ts";

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
    // What could not be told while it lasted is told by its end: a night without network cost a feed.
    await run.settle("daily/b");
    await run.settle("daily/b");
    assert.match(webhook.texts[0]!, /: mended: daily\/a failed \(since /);
    assert.deepEqual(webhook.texts.slice(1).map((text) => text.split("\n")[0]), [
      `My study on ${MACHINE}: daily/b failed`,
    ]);
    webhook.status = 500;
    await run.settle();
    webhook.status = 200;
    await run.settle();
    await run.settle();
    assert.equal(webhook.texts.length, 3);
    assert.match(webhook.texts[2]!, /mended: daily\/b/);
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

Deno.test("a command that does not end is ended, and counts as not sent", async () => {
  const said = {
    event: "open",
    key: "daily/a",
    title: "",
    remedy: "",
    study: "",
    machine: "",
    text: "",
  };
  const { signal } = new AbortController();
  await assert.rejects(
    noticeCommand(["sleep", "600"], said as Notice, signal, 50),
    /^NotSent: sleep took too long and was ended$/,
  );
});

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

Deno.test("a study file that cannot be read is told by status --check, once, and once that it can be", () =>
  withData(async (data) => {
    const webhook = startWebhook();
    const study = await watchedStudy(data, { notify: { webhook: webhook.url } });
    await study.run("daily", "2026-06-09T00:30");
    const good = await Deno.readTextFile(study.studyPath);
    await Deno.writeTextFile(study.studyPath, good.replace("after_deletion", "after_deletoin"));
    for (let times = 0; times < 2; times++) {
      const { code, stderr } = await study.check("2026-06-09T02:00");
      assert.deepEqual([code, /unknown key "after_deletoin"/.test(stderr)], [2, true], stderr);
    }
    await Deno.writeTextFile(study.studyPath, good);
    assert.equal((await study.check("2026-06-09T03:00")).code, 0);
    assert.deepEqual(webhook.texts.map((text) => /mended/.test(text)), [false, true]);
    assert.match(
      webhook.texts[0]!,
      /^My study on .*: no task can run: Cannot read .*after_deletoin/,
    );
    await webhook.close();
  }));

Deno.test("a classifier of the daily that there is not is told by status --check, once, and once that it is mended", () =>
  withData(async (data) => {
    const webhook = startWebhook();
    const study = await watchedStudy(data, { notify: { webhook: webhook.url } });
    await study.run("daily", "2026-06-09T00:30");
    const good = await Deno.readTextFile(study.studyPath);
    const daily = { ...JSON.parse(good).daily, classifiers: ["dictionary", "dict"] };
    await Deno.writeTextFile(study.studyPath, JSON.stringify({ ...JSON.parse(good), daily }));
    for (let times = 0; times < 2; times++) {
      const { code, stdout, stderr } = await study.check("2026-06-09T02:00");
      assert.equal(code, 1);
      assert.equal(stdout, "Nothing is overdue\n");
      assert.match(
        stderr,
        /^Cannot read daily\.classifiers of the study: there is no classifier "dict"\n {2}The classifiers are dictionary, /m,
      );
    }
    // The same as daily itself tells: nobody is told twice.
    const args = ["daily", "--data", data, "--study", study.studyPath];
    assert.equal((await runTask(args, { CIVICSKY_CLOCK: "2026-06-09T02:30:00Z" })).code, 2);
    await Deno.writeTextFile(study.studyPath, good);
    assert.equal((await study.check("2026-06-09T03:00")).code, 0);
    assert.deepEqual(webhook.texts.map((text) => /mended/.test(text)), [false, true]);
    assert.match(
      webhook.texts[0]!,
      /^My study on .*: daily cannot run: Cannot read daily\.classifiers .*"dict"/,
    );
    await webhook.close();
  }));
