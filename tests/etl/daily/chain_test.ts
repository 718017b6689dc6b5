import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { CLASSIFIERS } from "../../../classifiers/list.ts";
import { chain } from "../../../etl/daily/chain.ts";
import { batchPaths, type OpenBatch, storeBatch } from "../../../etl/batches/open_batch.ts";
import { onlyThese } from "../../../etl/run/environment.ts";
import { UserError } from "../../../etl/run/error.ts";
import { readStudy } from "../../../etl/study/study.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withData } from "../../rows.ts";
import { ROOT } from "../../task.ts";

const DEMO = `${ROOT}demo/study.yaml`;
const SCRIPT = fileURLToPath(new URL("chain_script.ts", import.meta.url));

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };

/**
 * Give the classifiers' steps, each with why it would be left out.
 *
 * In another process, because the tests here share one environment.
 */
async function classifierSteps(
  args: string[],
  env: Record<string, string> = {},
): Promise<[string, string | null][]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", SCRIPT, ...args],
    env: onlyThese({ ...CLOCK, ...env }),
    stderr: "inherit",
  }).output();
  const steps: [string, string | null][] = JSON.parse(new TextDecoder().decode(stdout));
  return steps.filter(([name]) => name.startsWith("classify:"));
}

const BATCH: OpenBatch = {
  name: "20260609T000000000Z-00000000",
  classifier: "sociopolitical",
  label_set_id: "0123456789abcdef",
  stage: "created",
  host: "api.groq.com",
  folder: null,
  model: "m",
  posts: 1,
  requests: 1,
  cost: 0,
  written_at: "2026-06-09T00:00:00Z",
  file_id: "file",
  batch_id: "batch",
  status: null,
  looked_at: null,
  answered: 0,
  expires_at: null,
};

async function lay(data: string, change: Partial<OpenBatch>): Promise<string> {
  const paths = new DataPaths(data);
  const batch = { ...BATCH, ...change };
  const folder = paths.batches(batch.classifier, batch.label_set_id);
  await Deno.mkdir(folder, { recursive: true });
  await storeBatch(paths, batch);
  return batchPaths(folder, batch.name).state;
}

Deno.test("a classifier with open batches lands them where they are, whatever keys there are", async () => {
  await withData(async (data) => {
    await lay(data, {});
    await lay(data, { name: "20260609T010000000Z-00000001" });
    await lay(data, { name: "20260609T020000000Z-00000002", host: null, folder: "/some/folder" });
    const damaged = await lay(data, { classifier: "attributes" });
    await Deno.writeTextFile(damaged, "{");
    const days = "--since 2026-06-05 --until 2026-06-05";
    assert.deepEqual(await classifierSteps([data, DEMO, "2026-06-05"], { GROQ_API_KEY: "k" }), [
      [`classify:dictionary ${days}`, null],
      [`classify:perspective ${days}`, "PERSPECTIVE_API_KEY is not set"],
      [`classify:sociopolitical --batch ${days}`, null],
      [`classify:sociopolitical --batch-files /some/folder ${days}`, null],
      // The task says what is wrong with it.
      [`classify:attributes ${days}`, null],
    ]);
    const without = new Map(await classifierSteps([data, DEMO]));
    const neither = "neither GROQ_API_KEY nor GROQ_BASE_URL is set";
    assert.equal(without.get("classify:sociopolitical --batch"), neither);
    assert.equal(without.get("classify:sociopolitical --batch-files /some/folder"), null);
  });
});

Deno.test("Perspective is left out once Google has ended it, and not where another server is named", async () => {
  await withData(async (data) => {
    const after = { CIVICSKY_CLOCK: "2027-01-01T00:00:00Z", PERSPECTIVE_API_KEY: "k" };
    const said = async (env: Record<string, string>) =>
      new Map(await classifierSteps([data, DEMO], env)).get("classify:perspective");
    assert.match((await said(after))!, /^Google ended Perspective on 2026-12-31, /);
    assert.equal(await said({ ...after, CIVICSKY_CLOCK: "2026-12-31T23:59:59Z" }), null);
    assert.equal(await said({ ...after, PERSPECTIVE_ROOT_URL: "https://example.org/" }), null);
  });
});

Deno.test("the study says which stream and which classifiers, in its order", async () => {
  await withData(async (data) => {
    const study = `${data}/study.yaml`;
    const text = (await Deno.readTextFile(DEMO)).replace(
      /\n {2}perspective:[^]*?(?=\n {2}# No model)/,
      "",
    );
    const daily = "daily: { stream: firehose, classifiers: [perspective, dictionary] }";
    await Deno.writeTextFile(study, `${text}\n${daily}\n`);
    const steps = await chain(
      { paths: new DataPaths(data), study: readStudy(study) },
      CLASSIFIERS,
      undefined,
    );
    assert.deepEqual(steps.map(({ task }) => task), [
      "sync:firehose",
      "sync:most-liked",
      "preprocess",
      "classify:perspective",
      "classify:dictionary",
      "aggregate",
      "render",
    ]);
    assert.equal(steps[3]!.lacks, "study.yaml has no section classifiers.perspective");
  });
});

Deno.test("a classifier that there is not is a usage error that names those there are", () =>
  withData((data) => {
    const study = readStudy(DEMO);
    study.daily.classifiers = ["dictionary", "dict"];
    assert.throws(
      () => chain({ paths: new DataPaths(data), study }, CLASSIFIERS, undefined),
      (error) => {
        assert.ok(error instanceof UserError);
        assert.equal(error.exitCode, 2);
        assert.match(error.message, /there is no classifier "dict"/);
        assert.match(error.remedy, /dictionary, perspective, sociopolitical, attributes/);
        return true;
      },
    );
    return Promise.resolve();
  }));
