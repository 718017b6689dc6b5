/** What the doctor says of the servers that posts come from, asked on loopback. */
import assert from "node:assert/strict";
import { CATCH_UP, startAppView } from "../../../demo/network/appview.ts";
import { startJetstream } from "../../../demo/network/jetstream.ts";
import { startRelay } from "../../../demo/network/relay.ts";
import { appView } from "../../../etl/doctor/appview.ts";
import { clockByAppView } from "../../../etl/doctor/clock.ts";
import { nearest } from "../../../classifiers/checks/language_model.ts";
import { FIREHOSE, JETSTREAM, streamAddresses, streamAnswers } from "../../../etl/doctor/stream.ts";
import { examine } from "../../../etl/doctor/examine.ts";
import { ok } from "../../../etl/doctor/finding.ts";
import { withData } from "../../rows.ts";
import { startJetstreamV1 } from "../sources/jetstream_v1_host.ts";
import { closedPort, examined, levels, studyWith } from "./patient.ts";

Deno.test("a relay and a Jetstream host are connected to, and one that is gone is a problem where the study uses it", () =>
  withData(async (data) => {
    const [relay, jetstream] = [startRelay(), startJetstream()];
    const gone = closedPort("ws");
    try {
      const ask = (relays: string[], servers: string[], stream: "firehose" | "jetstream") =>
        examined(data, async (examination) => [
          ...await streamAnswers(FIREHOSE, examination),
          ...await streamAnswers(JETSTREAM, examination),
        ], { study: studyWith({ relays, servers, stream }) });
      assert.deepEqual(levels(await ask([relay.url], [jetstream.url], "jetstream")), ["ok", "ok"]);
      assert.deepEqual([relay.connections.length, jetstream.connections.length], [1, 1]);
      const half = await ask([gone, relay.url], [`${jetstream.url}/`], "jetstream");
      assert.deepEqual(levels(half), ["note", "ok"]);
      assert.match(half[0]!.found, /127\.0\.0\.1:\d+ cannot be reached; another relay answers/);
      assert.deepEqual(levels(await ask([gone], [gone], "jetstream")), ["warning", "problem"]);
      const byFirehose = await ask([gone], [gone], "firehose");
      assert.deepEqual(levels(byFirehose), ["problem", "warning"]);
    } finally {
      await Promise.all([relay.close(), jetstream.close()]);
    }
  }));

Deno.test("a Jetstream host of version 1 answers too, and is noted as such", () =>
  withData(async (data) => {
    const older = startJetstreamV1();
    try {
      const study = studyWith({ servers: [older.url] });
      const found = await examined(data, (it) => streamAnswers(JETSTREAM, it), { study });
      assert.deepEqual(levels(found), ["note"]);
      assert.match(found[0]!.found, /^127\.0\.0\.1:\d+ serves version 1 of Jetstream: losses/);
    } finally {
      await older.close();
    }
  }));

Deno.test("a host that takes the connection and says nothing does not hold up the doctor", () =>
  withData(async (data) => {
    using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const study = studyWith({ servers: [`ws://127.0.0.1:${silent.addr.port}`] });
    const [found] = await examined(data, (it) => streamAnswers(JETSTREAM, it, 50), { study });
    assert.match(found!.found, /did not answer within 0\.05 s/);
  }));

Deno.test("a check that never ends is given up, one that breaks is said so without its words, and the others stand", () =>
  withData(async (data) => {
    const group = "services";
    const found = await examined(data, (examination) =>
      examine(
        [
          { name: "hangs", group, look: () => new Promise(() => {}) },
          { name: "breaks", group, look: () => Promise.reject(new TypeError("a private text")) },
          { name: "stands", group, look: () => ok("fine") },
          { name: "asks", group, isOnline: true, look: () => assert.fail("it asked") },
        ],
        examination,
        20,
      ));
    assert.deepEqual(found.map(({ check, level }) => [check, level]), [
      ["hangs", "warning"],
      ["breaks", "warning"],
      ["stands", "ok"],
    ]);
    assert.doesNotMatch(JSON.stringify(found), /private/);
  }));

Deno.test("an AppView is asked for each feed, and a feed that it has not, a refusal and silence are told apart", () =>
  withData(async (data) => {
    const server = startAppView({ posts: [], now: new Date() });
    const other = CATCH_UP.replace("catch-up", "other");
    try {
      const look = (feeds: string[], appview = server.url) =>
        examined(data, appView, { study: studyWith({ appview, feeds }) });
      assert.deepEqual(levels(await look([CATCH_UP])), ["ok"]);
      const [, unknown] = await look([CATCH_UP, other]);
      assert.equal(unknown!.level, "problem");
      assert.ok(unknown!.found.endsWith(`knows no feed ${other}`));
      assert.deepEqual(server.requests.map(({ params }) => params.get("limit")), ["1", "1", "1"]);
      server.failNext(429, 5);
      assert.deepEqual(levels(await look([CATCH_UP])), ["warning"]);
      server.failNext(500);
      assert.match(
        (await look([CATCH_UP]))[0]!.found,
        /is not ready \(HTTP 500, InternalServerError\)/,
      );
      const [gone] = await look([CATCH_UP], closedPort("http"));
      assert.equal(gone!.level, "problem");
      assert.match(gone!.found, /cannot be asked: it cannot be reached/);
    } finally {
      await server.close();
    }
  }));

Deno.test("a clock that is off by 10 seconds is warned of, by 5 minutes a problem, whatever a cache kept", () =>
  withData(async (data) => {
    let headers: Record<string, string> = {};
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => Response.json({ feed: [] }, { headers }),
    );
    const url = `http://127.0.0.1:${server.addr.port}`;
    const seconds: [number, number, string][] = [
      [0, 0, "ok"],
      [-60, 0, "warning"],
      [60, 0, "warning"],
      [-600, 0, "problem"],
      [600, 0, "problem"],
      [-600, 600, "ok"],
    ];
    try {
      for (const [off, age, level] of seconds) {
        const date = new Date(Date.now() + off * 1000).toUTCString();
        headers = { date, ...age > 0 ? { age: String(age) } : {} };
        const found = await examined(data, clockByAppView, { study: studyWith({ appview: url }) });
        assert.deepEqual(levels(found), [level], `${off} s`);
        if (level !== "ok") assert.match(found[0]!.found, off < 0 ? /ahead of/ : /behind/);
      }
    } finally {
      await server.shutdown();
    }
  }));

Deno.test("addresses that are known are fine, unknown ones noted, open ones warned of", () =>
  withData(async (data) => {
    const look = (relays: string[], servers: string[]) =>
      examined(data, (it) => [
        ...streamAddresses(FIREHOSE, it),
        ...streamAddresses(JETSTREAM, it),
      ], { study: studyWith({ relays, servers }) });
    const known = ["wss://bsky.network", "wss://jetstream.us-west.bsky.network"] as const;
    assert.deepEqual(levels(await look([known[0]], [known[1]])), ["ok", "ok"]);
    const odd = await look(["wss://bsky.netwrok"], ["wss://jetstream1.us-east.bsky.network"]);
    assert.deepEqual(levels(odd), ["note", "note"]);
    assert.match(odd[0]!.found, /^bsky\.netwrok is no relay that civicsky knows$/);
    assert.match(odd[1]!.found, /version 1/);
    assert.match((await look(["ws://relay.example"], [known[1]]))[0]!.found, /without encryption/);
  }));

Deno.test("the models that are most like one that is gone come first", () => {
  const served = ["qwen/qwen3.6-27b", "openai/gpt-oss-120b", "openai/gpt-oss-20b"];
  assert.equal(nearest("openai/gpt-oss-21b", served)[0], "openai/gpt-oss-20b");
  assert.equal(nearest("qwen/qwen2.5-32b", served)[0], "qwen/qwen3.6-27b");
});
