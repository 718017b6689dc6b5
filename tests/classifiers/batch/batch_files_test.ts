import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { label, LABELS, outcomes, writeStudy } from "./batch_run.ts";

const VLLM = fileURLToPath(new URL("vllm_run_batch.ts", import.meta.url));

/** Run a command line as a shell does, with ours in place of vLLM. */
async function shell(command: string): Promise<void> {
  const vllm = `"${Deno.execPath()}" run --no-check --allow-read --allow-write "${VLLM}"`;
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", command.trim().replace(/^vllm/, vllm)],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

// Invariant 11
Deno.test("batches in a folder are answered by vllm run-batch, without a key, and deletions reach them", () =>
  withData(async (data) => {
    await writeStudy(data, 8);
    const folder = `${data}/for the cluster`;
    const args = ["--batch-files", folder];
    const names = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    const sent = await runTask([
      ...["classify:sociopolitical", "--data", data, "--study", `${data}/study.yaml`, ...args],
    ]);
    assert.equal(sent.code, 4, sent.stderr);
    const command = /^ +(vllm run-batch .*)$/m.exec(sent.stdout)![1]!;
    const [requests] = names() as [string];
    assert.match(command, new RegExp(`'[^']*/${requests}' .*--model openai/gpt-oss-20b$`));
    const text = await Deno.readTextFile(`${folder}/${requests}`);
    assert.doesNotMatch(text, /at:\/\/|did:plc/);

    await runTask(["forget", "--data", data, uri("p5")]);
    const purged = await Deno.readTextFile(`${folder}/${requests}`);
    const lines = (text: string) => text.trimEnd().split("\n").length;
    assert.deepEqual([lines(text), lines(purged), purged.includes("post p5 says")], [8, 7, false]);

    await shell(command);
    const answers = `${folder}/${requests.replace(".jsonl", ".out.jsonl")}`;
    // Fewer answers than requests: perhaps it is still being written.
    const early = await label(data, undefined, args);
    assert.deepEqual([early.code, early.summary.landed.batches], [4, 0], early.stderr);
    const anHourAgo = new Date(Date.now() - 3_600_000);
    await Deno.utime(answers, anHourAgo, anHourAgo);
    const landed = await label(data, undefined, args);
    assert.equal(landed.code, 4, landed.stderr);
    const { labelled, failed, cost } = landed.summary.landed;
    assert.deepEqual([labelled, failed], [5, { too_long: 1, unavailable: 1 }]);
    assert.ok(cost > 0);
    assert.deepEqual(await outcomes(data), { labelled: 5, too_long: 1, unavailable: 1 });
    assert.deepEqual([names().length, names().includes(requests)], [1, false]);
    assert.equal(landed.summary.submitted.posts, 1);
    const [{ server }] = await query(
      data,
      `SELECT DISTINCT parameters->>'server' AS server FROM ${LABELS}`,
    ) as [{ server: string }];
    assert.equal(server, "batch-files");

    await Deno.remove(`${folder}/${names()[0]}`);
    const lost = await label(data, undefined, args);
    assert.match(lost.summary.warnings.join(), /no longer exists where it was sent/);
    assert.equal(lost.summary.submitted.posts, 1);
  }));

// Invariant 11
Deno.test("what was deleted leaves the requests about replies to it too", () =>
  withData(async (data) => {
    const said = "what only the deleted post said";
    const names = [{ name: "p0", text: said }, { name: "p1", replyTo: "p0" }, { name: "p2" }];
    await writeStudy(data, names);
    const { raw } = await rawFolder(data);
    await raw("firehose", "2026-06-01", "a.2026-06-01_2026-06-01", [
      { uri: uri("p0"), event_time: "2026-06-01 10:00:00", text: said },
    ]);
    const folder = `${data}/requests`;
    assert.equal((await label(data, undefined, ["--batch-files", folder])).code, 4);
    const requests = async () => {
      const [name] = [...Deno.readDirSync(folder)].map(({ name }) => name);
      return (await Deno.readTextFile(`${folder}/${name}`)).trimEnd().split("\n");
    };
    assert.equal((await requests()).filter((line) => line.includes(said)).length, 2);
    await runTask(["forget", "--data", data, uri("p0")]);
    const [left, ...more] = await requests();
    assert.deepEqual(more, []);
    assert.match(left!, /post p2 says/);
  }));
