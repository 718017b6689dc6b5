/** `deno task doctor`, run as a user runs it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startAppView } from "../../demo/network/appview.ts";
import { startCommentAnalyzer } from "../../demo/perspective/comment_analyzer.ts";
import { startGroq } from "../../demo/groq/groq.ts";
import { startJetstream } from "../../demo/network/jetstream.ts";
import { startRelay } from "../../demo/network/relay.ts";
import { CHECKS } from "../../etl/doctor/check.ts";
import { missingKey } from "../../classifiers/checks/classifier_key.ts";
import { perspectiveEnds } from "../../classifiers/checks/perspective.ts";
import type { Examination } from "../../etl/doctor/examination.ts";
import { writePanelManifest } from "../../etl/labels/panel.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { LABEL_SETS } from "../../etl/store/tables.ts";
import { withData } from "../rows.ts";
import { writeRows } from "../table_file.ts";
import { runTask } from "../task.ts";
import { aged, closedPort, examined } from "./doctor/patient.ts";
import { SHIPPED_STUDY } from "../shipped_study.ts";

const KEY = "AIza-invented-key-of-tests";

const PANEL = {
  name: "bridge",
  drawn_at: "2026-06-01T00:00:00Z",
  classifier: "perspective",
  label_set: {},
  seed: "1",
  stratified_by: "prob_toxic",
  attributes: [],
  attributes_missing: [],
  posts_asked: 0,
  posts_drawn: 0,
  posts_left: 0,
  frame: { eligible: 0, without_label_prob: 0, lacking_an_attribute: 0, lacking: {} },
  strata: [],
};

interface Said {
  check: string;
  level: string;
  found: string;
  remedy?: string;
}

function ofCheck(stdout: string, check: string): Said[] {
  return (JSON.parse(stdout).findings as Said[]).filter((finding) => finding.check === check);
}

/** Run something with one server of each kind, and the environment that names them. */
async function withServers(
  run: (
    env: Record<string, string>,
    servers: {
      analyzer: Awaited<ReturnType<typeof startCommentAnalyzer>>;
      groq: Awaited<ReturnType<typeof startGroq>>;
    },
  ) => Promise<void>,
): Promise<void> {
  const [relay, jetstream] = [startRelay(), startJetstream()];
  const appView = startAppView({ posts: [], now: new Date() });
  const analyzer = await startCommentAnalyzer({ key: KEY });
  const groq = await startGroq({ path: "/v1" });
  try {
    await run({
      BLUESKY_RELAY: relay.url,
      BLUESKY_JETSTREAM: jetstream.url,
      BLUESKY_APPVIEW: appView.url,
      PERSPECTIVE_ROOT_URL: analyzer.url,
      PERSPECTIVE_API_KEY: KEY,
      GROQ_BASE_URL: groq.url,
    }, { analyzer, groq });
  } finally {
    const servers = [relay, jetstream, appView, analyzer, groq];
    await Promise.all(servers.map((server) => server.close()));
  }
}

Deno.test("with --online each service is asked once and what answers is fine; without it none is asked", () =>
  withServers((env, { analyzer, groq }) =>
    withData(async (data) => {
      const offline = await runTask(["doctor", "--data", data], env);
      assert.deepEqual([offline.code, offline.stderr], [0, ""]);
      assert.match(
        offline.stdout,
        /\n\d+ checks fine\n6 more checks ask servers.*doctor --online\n$/,
      );
      assert.equal(analyzer.arrivals.length, 0);
      const { code, stdout, stderr } = await runTask(
        ["doctor", "--online", "--data", data, "--json"],
        env,
      );
      assert.deepEqual([code, stderr], [0, ""], stdout);
      const { levels, online, status } = JSON.parse(stdout);
      assert.deepEqual([levels.problem, online, status], [0, true, "done"]);
      for (const { name } of CHECKS.filter(({ isOnline }) => isOnline)) {
        const found = ofCheck(stdout, name);
        assert.ok(found.length > 0 && found.every(({ level }) => level === "ok"), name);
      }
      assert.equal(analyzer.arrivals.length, 1);
      assert.equal(groq.record.arrivals.length, 0, "no chat completion was asked for");
      assert.deepEqual([...Deno.readDirSync(data)], [], "nothing was changed");
    })
  ));

Deno.test("a key that is refused, a model that is gone and an AppView that is away are problems, and no key is shown", () =>
  withServers((env, { groq }) =>
    withData(async (data) => {
      groq.retire("openai/gpt-oss-20b", "gone");
      const wrong = `${KEY}-wrong`;
      const { code, stdout, stderr } = await runTask(
        ["doctor", "--online", "--data", data, "--json"],
        {
          ...env,
          PERSPECTIVE_API_KEY: wrong,
          BLUESKY_HANDLE: "ada.example",
          BLUESKY_APP_PASSWORD: "",
          BLUESKY_APPVIEW: closedPort("http"),
        },
      );
      assert.equal(code, 1);
      assert.match(stderr, /^Cannot rely on the next run: .*; \d more problems\n {2}\S/);
      const [key] = ofCheck(stdout, "perspective");
      assert.equal(key!.level, "problem");
      assert.match(key!.found, /^rejected: .* does not accept PERSPECTIVE_API_KEY/);
      const [, model] = ofCheck(stdout, "language_model");
      assert.equal(model!.level, "problem");
      assert.match(model!.found, /has no model "openai\/gpt-oss-20b"/);
      assert.match(model!.remedy!, /such as openai\/gpt-oss-120b \(\$0\.15 in, \$0\.6 out/);
      assert.deepEqual(ofCheck(stdout, "appview").map(({ level }) => level), ["problem"]);
      assert.deepEqual(ofCheck(stdout, "clock_skew"), []);
      const [login] = ofCheck(stdout, "login");
      assert.match(
        `${login!.level} ${login!.found}`,
        /^problem .*BLUESKY_APP_PASSWORD is not set$/,
      );
      assert.ok(!`${stdout}${stderr}`.includes(wrong));
    })
  ));

Deno.test("a quota that is used up is told from a network that is down", () =>
  withServers((env, { analyzer }) =>
    withData(async (data) => {
      analyzer.storm(60_000, 30);
      const { code, stdout } = await runTask(["doctor", "--online", "--data", data, "--json"], {
        ...env,
        GROQ_BASE_URL: closedPort("http"),
      });
      assert.equal(code, 1);
      const [quota] = ofCheck(stdout, "perspective");
      assert.equal(quota!.level, "warning");
      assert.match(quota!.found, /^quota: .* \(HTTP 429\)/);
      const [network] = ofCheck(stdout, "language_model");
      assert.equal(network!.level, "problem");
      assert.match(network!.found, /^network: .* it cannot be reached/);
    })
  ));

Deno.test("a key that a classifier never had is noted, and one that it had is a problem", () =>
  withData(async (data) => {
    await aged(new DataPaths(data).labels("attributes", "2026-06-01"), 1);
    const [lost, never] = await examined(
      data,
      (examination) =>
        missingKey(examination, ["sociopolitical", "attributes"], "GROQ_API_KEY", "Add it"),
    );
    assert.equal(lost!.level, "problem");
    assert.match(lost!.found, /and classify:attributes has labelled posts until 2026-06-01$/);
    assert.equal(never!.level, "note");
    assert.equal(never!.found, "GROQ_API_KEY is not set: classify:sociopolitical cannot run");
  }));

Deno.test("a key is no problem where all labels came with a file, or where no night needs it", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    await aged(paths.labels("attributes", "2026-06-01"), 1);
    const levels = (change: Partial<Examination["study"]["daily"]> = {}) =>
      examined(data, async (examination) => {
        const daily = { ...examination.study.daily, ...change };
        const asked = { ...examination, study: { ...examination.study, daily } };
        return (await missingKey(asked, ["attributes"], "GROQ_API_KEY", "Add it"))
          .map(({ level }) => level);
      });
    assert.deepEqual(await levels(), ["problem"]);
    assert.deepEqual(await levels({ classifiers: ["dictionary"] }), ["note"]);
    const sets = (versions: string[]) =>
      writeRows(
        LABEL_SETS,
        versions.map((classifier_version, index) => ({
          label_set_id: String(index),
          classifier: "attributes",
          classifier_version,
        })),
        paths.labelSets("attributes"),
      );
    await sets(["imported-1"]);
    assert.deepEqual(await levels(), ["note"]);
    await sets(["imported-1", "chat-1"]);
    assert.deepEqual(await levels(), ["problem"]);
  }));

Deno.test("the end of Perspective is noted, then warned of where there is no panel, and a problem once it is over", () =>
  withData(async (data) => {
    const look = async (days_left: number) => {
      const end = { date: "2026-12-31", days_left };
      const [found] = await examined(data, (examination) => perspectiveEnds(examination, end));
      return found!;
    };
    assert.equal((await look(200)).level, "note");
    const soon = await look(30);
    assert.equal(soon.level, "warning");
    assert.match(soon.found, /2026-12-31 \(30 days\), and there is no panel/);
    const over = await look(-1);
    assert.deepEqual([over.level, over.found], [
      "problem",
      "Google ended Perspective on 2026-12-31",
    ]);
    assert.match(over.remedy!, /^Name a server with its API/);
    await Deno.mkdir(new DataPaths(data).panel(PANEL.name), { recursive: true });
    await writePanelManifest(new DataPaths(data), PANEL);
    assert.equal((await look(30)).level, "ok");
  }));

Deno.test("a study that cannot be read ends with what is wrong in it", () =>
  withData(async (data) => {
    const study = join(data, "study.yaml");
    const text = await Deno.readTextFile(SHIPPED_STUDY);
    await Deno.writeTextFile(study, text.replace("\nsources:", "\nsouces:"));
    const { code, stdout, stderr } = await runTask(["doctor", "--data", data, "--study", study]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^Cannot read .*study\.yaml: unknown key "souces"\n {2}Mend/);
  }));
