import { CLASSIFIERS } from "../../../classifiers/list.ts";
import assert from "node:assert/strict";
import type { StepEnd } from "../../../etl/daily/step.ts";
import { incidentsOf, tellOfSteps } from "../../../etl/daily/step_incidents.ts";
import { readStudy } from "../../../etl/study/study.ts";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withData } from "../../rows.ts";
import { ROOT } from "../../task.ts";
import { watchedStudy } from "../watch/watched_study.ts";
import { startWebhook } from "../watch/webhook_server.ts";

function end(task: string, status: StepEnd["status"], more: Partial<StepEnd> = {}): StepEnd {
  const failed = { reason: "Cannot do it: it broke", remedy: "Mend it" };
  const why = status === "failed" ? failed : { reason: null, remedy: null };
  const nothing = { args: [], exit_status: 0, seconds: 1, did: "", left: "", isAhead: false };
  return { task, status, ...nothing, ...why, ...more };
}

const ahead = { isAhead: true };

Deno.test("a task that failed is one incident, however many of its steps did", () => {
  const ends = [
    end("classify:attributes", "failed", { args: ["--batch"] }),
    end("preprocess", "stopped"),
    end("classify:attributes", "failed", { args: ["--batch-files", "a"] }),
  ];
  assert.deepEqual(incidentsOf(ends), [{
    key: "daily/classify:attributes",
    title: "deno task classify:attributes --batch failed: Cannot do it: it broke",
    remedy: "Mend it",
  }]);
});

Deno.test("a task that failed is mended once it ended well, and not where nobody knows", async () => {
  await withData(async (data) => {
    const webhook = startWebhook();
    const study = readStudy(`${ROOT}demo/study.yaml`);
    study.notify = { webhook: webhook.url, heartbeat: `${webhook.url}/beat` };
    const warnings: string[] = [];
    using database = await openDatabase(data);
    const context = {
      database,
      paths: new DataPaths(data),
      study,
      signal: new AbortController().signal,
      warn: (text: string) => void warnings.push(text),
    };
    /** Give what is told of some steps, and how often the heartbeat was asked for. */
    const tell = async (ends: StepEnd[], date?: string) => {
      await tellOfSteps(context, CLASSIFIERS, ends, date);
      const texts = webhook.texts.splice(0).map((text) =>
        /(mended: )?deno task \S+/.exec(text)![0]
      );
      return [...texts, ...webhook.beats.splice(0).map(() => "beat")];
    };
    const skipped = (task: string) => end(task, "skipped");
    const cases: [StepEnd[], string[], string?][] = [
      [[end("a", "failed"), end("b", "failed"), end("c", "done")], ["deno task a", "deno task b"]],
      [[end("a", "failed"), end("b", "skipped", ahead)], []],
      [[end("a", "busy"), end("b", "stopped", ahead)], []],
      [[skipped("a"), end("b", "failed")], [], "2026-06-01"],
      [
        [end("a", "done"), end("b", "stopped")],
        ["mended: deno task a", "mended: deno task b"],
        "2026-06-01",
      ],
      [[end("a", "done"), end("b", "stopped"), skipped("c"), end("d", "busy")], ["beat"]],
      [[end("a", "done"), end("b", "stopped", ahead)], []],
      [[end("a", "failed"), end("b", "failed")], ["deno task a", "deno task b"]],
      // Without its key it is no longer run, and what is not in the study is not either.
      [[skipped("a")], ["mended: deno task a", "mended: deno task b", "beat"]],
    ];
    for (const [index, [ends, told, date]] of cases.entries()) {
      assert.deepEqual(await tell(ends, date), told, `case ${index}`);
    }
    assert.deepEqual(warnings, []);
    await webhook.close();
  });
});

Deno.test("a classifier that ran before and has no key any more is told, and one that never ran is not", () =>
  withData(async (data) => {
    const webhook = startWebhook();
    const watched = await watchedStudy(data, { notify: { webhook: webhook.url } });
    await watched.run("classify:perspective", "2026-06-01T00:30");
    using database = await openDatabase(data);
    const context = {
      database,
      paths: watched.paths,
      study: readStudy(watched.studyPath),
      signal: new AbortController().signal,
      warn() {},
    };
    const without = (task: string, reason: string) => end(task, "skipped", { reason });
    const groq = "neither GROQ_API_KEY nor GROQ_BASE_URL is set";
    const ends = [
      without("classify:perspective", "PERSPECTIVE_API_KEY is not set"),
      without("classify:sociopolitical", groq),
    ];
    for (let times = 0; times < 2; times++) {
      await tellOfSteps(context, CLASSIFIERS, ends, undefined);
    }
    assert.deepEqual(webhook.texts.length, 1);
    assert.match(
      webhook.texts[0]!,
      /: deno task classify:perspective is left out: PERSPECTIVE_API_KEY is not set, though it ran/,
    );
    assert.deepEqual(webhook.beats, []);
    await tellOfSteps(context, CLASSIFIERS, [end("classify:perspective", "done")], undefined);
    assert.match(webhook.texts[1]!, /: mended: deno task classify:perspective is left out/);
    await webhook.close();
  }));
