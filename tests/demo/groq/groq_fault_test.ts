import assert from "node:assert/strict";
import { APIConnectionError, APIConnectionTimeoutError } from "groq-sdk";
import { NO_LABEL, REFUSED } from "../../../demo/groq/chat_fault.ts";
import { ask, content, errorOf, format, PACK, withGroq } from "./groq_server.ts";

Deno.test("each fault on the way ends the request as it says", async () => {
  for (
    const [fault, status, code] of [
      ["flex_capacity", 498, "capacity_exceeded"],
      ["internal", 500, undefined],
      ["bad_gateway", 502, undefined],
      ["unavailable", 503, undefined],
    ] as const
  ) {
    await withGroq({ faults: { [fault]: 1 } }, async (server, client) => {
      const error = await errorOf(ask(client));
      assert.deepEqual([error.status, error.code], [status, code]);
      assert.deepEqual(server.record.statuses, new Map([[status, 1]]));
      assert.equal(server.record.paid.live.requests, 0);
    });
  }
  await withGroq({ faults: { silent: 1 } }, async (server, client) => {
    const impatient = client.withOptions({ timeout: 50 });
    await assert.rejects(ask(impatient), APIConnectionTimeoutError);
    assert.deepEqual(server.record.statuses, new Map([[0, 1]]));
  });
  await withGroq({ faults: { reset: 1 } }, async (server, client) => {
    await assert.rejects(ask(client), APIConnectionError);
    assert.deepEqual(server.record.statuses, new Map([[0, 1]]));
  });
  await withGroq({ faults: { broken_body: 1 } }, async (server, client) => {
    await assert.rejects(ask(client), SyntaxError);
    assert.equal(server.record.paid.live.requests, 1);
  });
});

Deno.test("each fault in the answer is what its name says", async () => {
  const faults: string[] = [];
  const next = () => faults.shift() as "prose" | undefined;
  await withGroq({ faults: next }, async (_, client) => {
    const text = (fault: string, request: Record<string, unknown> = PACK) => {
      faults.push(fault);
      return content(ask(client, request));
    };
    const good = await content(ask(client, PACK));
    const { labels } = JSON.parse(good);
    const spoilt = async (fault: string) => JSON.parse(await text(fault)).labels;
    const ids = async (fault: string) => (await spoilt(fault)).map(({ id }: { id: string }) => id);
    assert.ok((await text("prose")).includes(good));
    assert.throws(() => JSON.parse(good.slice(1)));
    assert.equal(await text("refusal"), REFUSED);
    assert.ok(good.startsWith(await text("broken_json")));
    assert.deepEqual(await ids("unknown_id"), ["p10x", "p2", "p3"]);
    assert.deepEqual(await ids("missing_id"), ["p1", "p2"]);
    assert.deepEqual(await spoilt("shuffled_ids"), labels.toReversed());
    assert.deepEqual(await spoilt("duplicate_id"), [...labels, labels[0]]);
    assert.equal((await spoilt("wrong_label"))[0].is_sociopolitical, NO_LABEL);
    assert.deepEqual((await spoilt("extra_field"))[0], { ...labels[0], certainty: 1 });
    // An answer about one post has no list.
    const one = JSON.parse(await text("missing_id", { response_format: format() }));
    assert.deepEqual(Object.keys(one), ["is_sociopolitical", "lean", "score"]);
  });
});

Deno.test("shares of faults are those of the seed", async () => {
  const statuses = async (seed: number) => {
    const found: number[] = [];
    await withGroq({ faults: { internal: 0.5 }, seed }, async (_, client) => {
      for (let at = 0; at < 12; at++) {
        found.push(await ask(client).then(() => 200, ({ status }) => status));
      }
    });
    return found;
  };
  const first = await statuses(1);
  assert.deepEqual(new Set(first), new Set([200, 500]));
  assert.deepEqual(await statuses(1), first);
  assert.notDeepEqual(await statuses(2), first);
});
