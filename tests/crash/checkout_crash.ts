/** The tests pass on the machine of a user, whatever lies in the checkout and stands in the environment. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { VARIABLES } from "../../etl/run/environment.ts";
import { ROOT } from "../task.ts";

/** What a user has made or what comes from elsewhere; the copy gets its own. */
const NOT_COPIED = /^(\.git|\.env|node_modules|data\/(?!README\.md$).*|docs\/pictures)$/;

/** Tests of each kind: of functions, of runs in this process and as processes, of notebooks and documents. */
const SLICE = [
  "tests/etl/run/environment_test.ts",
  "tests/etl/run/clock_test.ts",
  "tests/etl/study/study_test.ts",
  "tests/etl/schedule_test.ts",
  "tests/etl/status_test.ts",
  "tests/etl/daily/chain_test.ts",
  "tests/etl/daily/step_incidents_test.ts",
  "tests/etl/collect/deadline_test.ts",
  "tests/etl/doctor/servers_test.ts",
  "tests/etl/sources/most_liked_login_test.ts",
  "tests/classifiers/chat/dry_run_test.ts",
  "tests/classifiers/perspective_reasons_test.ts",
  "tests/notebooks/analysis_doc_test.ts",
  "tests/notebooks/odd_data_test.ts",
  "tests/notebooks/sources_test.ts",
  "tests/notebooks/sql_test.ts",
];

/** Nobody listens there. */
const NOWHERE = "127.0.0.1:9";

Deno.test("the tests pass in the checkout of a user, with a study, data, notebooks and settings of their own", async () => {
  const folder = await Deno.makeTempDir({ prefix: "civicsky " });
  const root = join(folder, "Größere Studie", "civicsky");
  try {
    await copy("", root);
    const kept = await makeOwn(root);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--quiet", "--no-check", "--allow-all", ...SLICE],
      cwd: root,
      env: { ...own(root), TZ: "Pacific/Auckland", NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    assert.equal(code, 0, decoder.decode(stdout) + decoder.decode(stderr));
    for (const [path, text] of Object.entries(kept)) {
      assert.equal(await Deno.readTextFile(join(root, path)), text, path);
    }
    const left = [...Deno.readDirSync(join(root, "data"))].map(({ name }) => name).sort();
    assert.deepEqual(left, ["README.md", "posts", "raw"], "no test writes to the user's data");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function copy(path: string, root: string): Promise<void> {
  await Deno.mkdir(join(root, path), { recursive: true });
  for await (const { name, isDirectory, isFile } of Deno.readDir(join(ROOT, path))) {
    const inside = path === "" ? name : `${path}/${name}`;
    if (NOT_COPIED.test(inside)) continue;
    if (isDirectory) await copy(inside, root);
    else if (isFile) await Deno.copyFile(join(ROOT, inside), join(root, inside));
  }
}

/** Put there what users have, and give the files, none of which a test may change. */
async function makeOwn(root: string): Promise<Record<string, string>> {
  const study = await Deno.readTextFile(join(root, "study.yaml"));
  const notebook = JSON.parse(await Deno.readTextFile(join(root, "notebooks/01-overview.ipynb")));
  notebook.cells.push({
    cell_type: "code",
    execution_count: 7,
    metadata: {},
    outputs: [{ output_type: "stream", name: "stdout", text: ["a post of somebody\n"] }],
    source: ['console.log("mine");'],
  });
  const files = {
    ".env": `BLUESKY_HANDLE=ada.example.org\nBLUESKY_APP_PASSWORD=abcd-efgh-ijkl-mnop\n` +
      `BLUESKY_RELAY=ws://${NOWHERE}\nGROQ_API_KEY=gsk_of_the_user\n` +
      `CIVICSKY_WEBHOOK=http://${NOWHERE}/\n`,
    "study.yaml": study.replace("name: My study", "name: Elections")
      .replace("limit: 1000", "limit: 7").replace("us_politics", "words_of_mine"),
    "notebooks/my own.ipynb": JSON.stringify(notebook),
    "data/posts/date=2026-11-01/posts.parquet": "PAR1 and nothing more",
    "data/raw/firehose/date=2026-11-01/a.parquet": "damaged",
  };
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(root, path)), { recursive: true });
    await Deno.writeTextFile(join(root, path), text);
  }
  return files;
}

/** Give every variable of ours a value that no test may meet. */
function own(root: string): Record<string, string> {
  const values: Record<string, string> = {
    CIVICSKY_DATA: join(root, "data"),
    CIVICSKY_STUDY: "study.yaml",
    CIVICSKY_CLOCK: "2031-01-01T00:00:00Z",
    CIVICSKY_ENV_FILE: join(root, ".env"),
    BLUESKY_RELAY: `ws://${NOWHERE}`,
    BLUESKY_JETSTREAM: `ws://${NOWHERE}`,
    LC_ALL: "tr_TR.UTF-8",
    LANG: "de_DE.UTF-8",
  };
  return Object.fromEntries(
    VARIABLES.map((name) => [name, values[name] ?? `http://${NOWHERE}`]),
  );
}
