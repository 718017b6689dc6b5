import assert from "node:assert/strict";
import { query, withData } from "../../rows.ts";
import { numberedPosts } from "../perspective_run.ts";
import {
  batchFiles,
  batchFolder,
  label,
  LABELS,
  listed,
  outcomes,
  paidTwice,
  withGroq,
  writeStudy,
} from "./batch_run.ts";

Deno.test("a batch is sent, left and landed: half the price, no file anywhere, no uri at the service", () =>
  withData(async (data) => {
    await writeStudy(data, [
      ...numberedPosts(40),
      { name: "same1", text: "the very same words of two people" },
      { name: "same2", text: "the very same words of two people" },
      { name: "foreign", language: "de" },
    ]);
    await withGroq({}, async (server) => {
      const dry = await label(data, server, ["--batch", "--dry-run"]);
      const dryLive = await label(data, server, ["--dry-run"]);
      const halved = dryLive.summary.cost / dry.summary.cost;
      assert.deepEqual([dry.summary.requests, halved, dry.summary.ms], [41, 2, 0]);
      const sent = await label(data, server);
      assert.equal(sent.code, 4, sent.stderr);
      assert.deepEqual(sent.summary.submitted, {
        ...{ batches: 1, posts: 42, requests: 41 },
        cost: Math.round(dry.summary.cost * 1e6) / 1e6,
      });
      assert.deepEqual(sent.summary.unscorable, { language_not_supported: 1 });
      assert.deepEqual([sent.summary.open.posts, sent.summary.pending], [42, 0]);
      const files = batchFiles(data).sort();
      assert.deepEqual(files.map((file) => file.replace(/^[^.]+/, "")), [".json", ".posts.jsonl"]);
      assert.deepEqual(server.record.requests, []);

      const live = await label(data, server, []);
      assert.deepEqual([live.code, live.summary.in_batch, live.summary.requests], [0, 42, 0]);
      assert.match((await label(data, server, ["--dry-run"])).stdout, /"in_batch":42/);

      const landed = await label(data, server);
      assert.equal(landed.code, 0, landed.stderr);
      assert.deepEqual([landed.summary.landed.labelled, landed.summary.open.batches], [42, 0]);
      assert.deepEqual(await outcomes(data), { labelled: 42, language_not_supported: 1 });
      assert.deepEqual([batchFiles(data), await listed(server, "files")], [[], []]);
      assert.deepEqual([server.record.arrivals, paidTwice(server)], [[], 0]);
      const { paid: { batch } } = server.record;
      const price = (batch.prompt_tokens * 0.075 + batch.completion_tokens * 0.30) / 2e6;
      const { cost } = landed.summary.landed;
      assert.ok(Math.abs(cost - price) < 1e-6, `${cost} and ${price}`);
      assert.ok(Math.abs(dry.summary.cost / price - 1) < 0.1, `${dry.summary.cost} and ${price}`);
      assert.doesNotMatch(JSON.stringify(server.record.requests), /at:\/\/|did:plc/);
      const rows = await query(
        data,
        `SELECT label_prob, tokens_prompt > 0 AS told FROM ${LABELS} WHERE reason IS NULL`,
      );
      assert.deepEqual(rows, Array.from({ length: 42 }, () => ({ label_prob: 1, told: true })));
      const [{ name }] = [...Deno.readDirSync(`${data}/spending/sociopolitical`)] as [
        Deno.DirEntry,
      ];
      const spent = JSON.parse(
        await Deno.readTextFile(`${data}/spending/sociopolitical/${name}`),
      );
      assert.ok(Math.abs(Number(Object.values(spent)[0]) - price) < 1e-9);
      assert.equal((await label(data, server)).code, 0);
    });
  }));

Deno.test("limits of posts and money hold, and what is under way counts as spent", () =>
  withData(async (data) => {
    await writeStudy(data, 30, { budget: { per_month: 1 } });
    await withGroq({ batchStep: { polls: 99 } }, async (server) => {
      const { cost } = (await label(data, server, ["--batch", "--dry-run"])).summary;
      const one = cost / 30;
      await writeStudy(data, 30, { budget: { per_month: 20.5 * one } });
      const first = await label(data, server, ["--batch", "--limit", "8"]);
      assert.deepEqual([first.summary.submitted.posts, first.summary.stopped_by], [8, "limit"]);
      const second = await label(data, server, [
        "--batch",
        "--max-cost",
        `${(5.5 * one).toFixed(9)}`,
      ]);
      assert.deepEqual([second.summary.submitted.posts, second.summary.stopped_by], [5, "cost"]);
      const third = await label(data, server);
      assert.deepEqual([third.summary.submitted.posts, third.summary.stopped_by], [7, "cost"]);
      const live = await label(data, server, []);
      assert.deepEqual([live.summary.requests, live.summary.stopped_by], [0, "cost"]);
      assert.equal(live.summary.in_batch, 20);
      const fourth = await label(data, server);
      assert.deepEqual([fourth.code, fourth.summary.submitted.posts], [4, 0]);
      assert.deepEqual([fourth.summary.open.batches, fourth.summary.pending], [3, 10]);
    });
  }));

Deno.test("several posts stand in one request, and what a reply lacks of them is asked again", () =>
  withData(async (data) => {
    await writeStudy(data, 12);
    let asked = 0;
    const faults = () => asked++ === 0 ? "missing_id" as const : undefined;
    await withGroq({ faults }, async (server) => {
      const several = ["--batch", "--posts-per-request", "5"];
      const sent = await label(data, server, several);
      assert.deepEqual([sent.summary.submitted.posts, sent.summary.submitted.requests], [12, 3]);
      const again = await label(data, server, several);
      assert.equal(again.code, 4, again.stderr);
      assert.deepEqual(again.summary.landed.failed, { invalid_answer: 1 });
      assert.deepEqual([again.summary.landed.labelled, again.summary.submitted.posts], [11, 1]);
      assert.equal((await label(data, server, several)).code, 0);
      assert.deepEqual(await outcomes(data), { labelled: 12 });
    });
  }));

Deno.test("two runs at once are one, and another server is refused with the batch untouched", () =>
  withData(async (data) => {
    await writeStudy(data, 3);
    await withGroq({}, async (server) => {
      const both = await Promise.all([label(data, server), label(data, server)]);
      assert.ok(both.some(({ code }) => code === 4));
      for (const { code, stderr } of both) assert.ok([0, 3, 4].includes(code), stderr);
      await label(data, server);
      assert.deepEqual([await outcomes(data), paidTwice(server)], [{ labelled: 3 }, 0]);
      await writeStudy(data, [{ name: "new" }, { name: "p0" }]);
      await label(data, server);
      const before = await Deno.readTextFile(
        `${batchFolder(data)}/${batchFiles(data).find((name) => name.endsWith(".json"))}`,
      );
      await withGroq({}, async (other) => {
        const refused = await label(data, other);
        assert.equal(refused.code, 2);
        assert.match(refused.stderr, new RegExp(`is at ${new URL(server.url).host}, not at`));
        assert.deepEqual(await listed(other, "files"), []);
      });
      const after = await Deno.readTextFile(
        `${batchFolder(data)}/${batchFiles(data).find((name) => name.endsWith(".json"))}`,
      );
      assert.equal(after, before);
    });
  }));
