import assert from "node:assert/strict";
import { rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { withServer } from "../clients/odd_server.ts";
import {
  DAY,
  label,
  labels,
  mixedUp,
  numberedPosts,
  paidTwice,
  withGroq,
  writeDays,
  writeStudy,
} from "./chat_run.ts";

Deno.test("a limit, a sum, a budget and a day's quota end a run with the rest pending, never overspent", async () => {
  await Promise.all([
    { args: ["--limit", "3"], settings: {}, stop: "limit", least: 3 },
    { args: ["--max-cost", "0.001"], settings: {}, stop: "cost", least: 8 },
    { args: [], settings: { budget: { per_month: 0.001 } }, stop: "cost", least: 8 },
    { args: [], settings: { quota: { requests_per_day: 5 } }, stop: "quota", least: 5 },
    { args: [], settings: { quota: { tokens_per_day: 9000 } }, stop: "quota", least: 7 },
  ].map(({ args, settings, stop, least }) =>
    withData((data) =>
      withGroq({ latencyMs: 20 }, async (server) => {
        await writeDays(data, numberedPosts(40));
        await writeStudy(data, settings);
        const { code, stderr, summary } = await label(data, server, args);
        assert.deepEqual([code, summary.stopped_by], [4, stop], stderr);
        const { requests, prompt_tokens, completion_tokens } = server.record.paid.live;
        assert.deepEqual([summary.labelled, summary.pending], [requests, 40 - requests]);
        assert.ok(requests >= least && requests < 40, `${stop}: ${requests} requests`);
        if (stop === "limit") assert.equal(requests, 3);
        if (stop === "cost") assert.ok(summary.cost <= 0.001, `${summary.cost}`);
        if (stop === "quota") assert.ok(requests <= 5 || prompt_tokens + completion_tokens <= 9000);
      })
    )
  ));
});

Deno.test("a service that asks to wait is waited for, and nobody's label is lost", () =>
  withData((data) =>
    withGroq({}, async (groq) => {
      const posts = numberedPosts(30);
      await writeDays(data, posts);
      await writeStudy(data);
      const refused: number[] = [];
      let askedAgain = Infinity;
      await withServer(async ({ url, method, headers }, body) => {
        const { pathname } = new URL(url);
        if (refused.length < 3 && pathname.endsWith("completions")) {
          refused.push(performance.now());
          return new Response("{}", { status: 429, headers: { "retry-after": "1" } });
        }
        if (refused.length > 0) askedAgain = Math.min(askedAgain, performance.now());
        return await fetch(`${groq.url}${pathname}`, { method, headers, ...body ? { body } : {} });
      }, async (url) => {
        const { code, stderr, summary } = await label(data, { url: url.replace(/\/$/, "") });
        assert.equal(code, 0, stderr);
        assert.deepEqual([summary.labelled, mixedUp(await labels(data), posts)], [30, []]);
        assert.ok(askedAgain - refused[0]! >= 1000, "it did not wait");
        assert.equal(paidTwice(groq), 0);
        assert.equal(groq.record.paid.live.requests, 30);
      });
    })
  ));

// Invariant 6, invariant 11
Deno.test("another codebook is another label set, and reasons and answers go with a deleted post", () =>
  withData((data) =>
    withGroq({}, async (server) => {
      const { raw, tombstone } = await rawFolder(data);
      const post = (name: string) => ({
        uri: uri(name),
        cid: `cid-${name}`,
        event_time: `${DAY} 10:00:00`,
        created_at: `${DAY}T10:00:00Z`,
        text: `The county council voted today about the bridge behind the school, and it ${name}`,
      });
      await raw("firehose", DAY, `a.${DAY}_${DAY}`, ["gone", "stays"].map(post));
      const clean = () =>
        runTask(["preprocess", "--data", data, "--study", `${data}/study.yaml`, "--json"], {
          CIVICSKY_CLOCK: "2026-06-10T00:00:00Z",
        });
      await writeStudy(data, { codebook: `${data}/politics.yaml`, sample: SAMPLE });
      const shipped = await Deno.readTextFile("classifiers/codebooks/us_politics.yaml");
      const codebook = shipped.replace("reasons: false", "reasons: true");
      const edited = codebook.replace("foreign affairs, protest", "foreign policy, protest");
      assert.notEqual(codebook, edited);
      assert.equal((await clean()).code, 0);
      for (const text of [codebook, edited]) {
        await Deno.writeTextFile(`${data}/politics.yaml`, text);
        const { code, summary } = await label(data, server, ["--all"]);
        assert.deepEqual([code, summary.labelled], [0, 2], JSON.stringify(summary));
      }
      const before = await labels(data);
      assert.equal(new Set(before.map(({ label_set_id }) => label_set_id)).size, 2);
      assert.ok(before.every(({ reason_text, answer }) =>
        /^as [0-9a-f]{8} says$/.test(reason_text!) && String(answer).includes(reason_text!)
      ));
      const shown = await query(
        data,
        "SELECT is_shown FROM read_parquet('{data}/label_sets/sociopolitical.parquet')",
      );
      assert.deepEqual(
        shown.map(({ is_shown }) =>
          is_shown
        ),
        [false, true],
      );
      await tombstone("2026-06-02", "t", [{ subject: uri("gone"), at: `${DAY} 11:00:00` }]);
      assert.equal((await clean()).code, 0);
      const after = await labels(data);
      assert.deepEqual(after.map(({ name }) => name), ["stays", "stays"]);
      const gone = before.find(({ name }) => name === "gone")!.reason_text!;
      for await (const path of filesOf(data)) {
        const bytes = await Deno.readTextFile(path);
        assert.ok(!bytes.includes(gone), path);
      }
    })
  ));
const SAMPLE = { label_rate: 1, filtered_out_rate: 1 };

async function* filesOf(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* filesOf(path);
    else if (path.endsWith(".jsonl")) yield path;
  }
}
