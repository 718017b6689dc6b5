import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import {
  ATTRIBUTES,
  COLUMNS,
  CommentAnalyzer,
} from "../../../classifiers/clients/comment_analyzer.ts";
import { ServiceError } from "../../../etl/answers/service_error.ts";
import {
  type CommentAnalyzerOptions,
  type CommentAnalyzerServer,
  DEMO_MARK,
  startCommentAnalyzer,
} from "../../../demo/perspective/comment_analyzer.ts";
import { checkCsv, csvRows } from "../../../etl/import/csv.ts";
import { TEST_DATA } from "../../test_data.ts";
import "../../common_environment.ts";

const KEY = "demo-key";
const never = new AbortController().signal;

async function withAnalyzer(
  options: Partial<CommentAnalyzerOptions>,
  use: (server: CommentAnalyzerServer, ask: Ask) => Promise<void>,
): Promise<void> {
  const server = await startCommentAnalyzer({ key: KEY, ...options });
  const client = new CommentAnalyzer({ rootUrl: server.url, key: KEY, timeoutMs: 60_000 });
  try {
    await use(server, (text, language = "en") => client.analyze(text, language, never));
  } finally {
    await server.close();
  }
}
type Ask = (text: string, language?: string) => Promise<string>;

async function reasonOf(request: Promise<string>): Promise<string | null> {
  try {
    CommentAnalyzer.readAnswer(await request);
  } catch (error) {
    assert.ok(error instanceof ServiceError, Deno.inspect(error));
    return error.reason ?? error.problem;
  }
  return null;
}

/** Send a body as it is, and give status, `errorType` or `reason`, and message. */
async function send(
  server: CommentAnalyzerServer,
  body: string,
  { path = "v1alpha1/comments:analyze", ...headers }: Record<string, string> = {},
): Promise<[number, string | undefined, string]> {
  const all = { "content-type": "application/json", "x-goog-api-key": KEY, ...headers };
  const response = await fetch(server.url + path, { method: "POST", body, headers: all });
  const text = await response.text();
  if (!/json/.test(response.headers.get("content-type")!)) {
    return [response.status, undefined, text];
  }
  const { error } = JSON.parse(text);
  const detail = error?.details?.at(-1);
  return [response.status, detail?.errorType ?? detail?.reason, error?.message ?? ""];
}

const valid = JSON.parse(CommentAnalyzer.request("a text", "en"));

Deno.test("a request is refused for what the service refuses, with its error type", async () => {
  const cases: [Record<string, unknown>, string | undefined, RegExp][] = [
    [{ comment: { text: "" } }, "COMMENT_EMPTY", /non-empty/],
    [{ comment: undefined }, "COMMENT_EMPTY", /non-empty/],
    [{ comment: { text: "é".repeat(10_241) } }, "COMMENT_TOO_LONG", /\(20482\).*\(20480\)/],
    [{ requestedAttributes: {} }, "NO_REQUESTED_ATTRIBUTES", /Missing/],
    [{ requestedAttributes: undefined }, "NO_REQUESTED_ATTRIBUTES", /Missing/],
    [{ requestedAttributes: { AFFINITY: {} } }, "INVALID_REQUEST", /attribute: AFFINITY$/],
    [{ requestedAttributes: { constructor: {} } }, "INVALID_REQUEST", /attribute: constructor$/],
    [{ languages: [] }, "LANGUAGE_DETECTION_FAILED", /detect/],
    [{ languages: ["xx"] }, "NO_REQUESTED_ATTRIBUTES", /./],
    [
      { languages: ["de"], dropUnsupportedAttributes: false },
      "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
      /SEXUALLY_EXPLICIT does not support request languages: de$/,
    ],
    [{ doNotStore: false }, "INVALID_REQUEST", /doNotStore/],
    [{ comment: { text: "\ud83d" } }, undefined, /Invalid JSON payload/],
    [{ comment: { text: 5 } }, undefined, /Invalid JSON payload/],
    [{ comment: { text: "x", type: "HTML" } }, undefined, /Invalid JSON payload/],
    [{ language: "en" }, undefined, /Invalid JSON payload/],
  ];
  await withAnalyzer({}, async (server) => {
    for (const [change, errorType, message] of cases) {
      const answer = await send(server, JSON.stringify({ ...valid, ...change }));
      assert.deepEqual(answer.slice(0, 2), [400, errorType], JSON.stringify(change).slice(0, 80));
      assert.match(answer[2], message);
    }
    for (const body of ["", "{", "[]", "null"]) assert.equal((await send(server, body))[0], 400);
    const asText = await send(server, JSON.stringify(valid), { "content-type": "text/plain" });
    assert.equal(asText[0], 400);
    assert.equal((await send(server, JSON.stringify(valid)))[0], 200);
    assert.deepEqual(server.answered, new Map([["a text", 1]]));
  });
});

Deno.test("the key is wanted in the header and nowhere else, and the path as it is", async () => {
  await withAnalyzer({}, async (server) => {
    const body = JSON.stringify(valid);
    const path = "v1alpha1/comments:analyze";
    assert.deepEqual((await send(server, body, { "x-goog-api-key": "x" })).slice(0, 2), [
      400,
      "API_KEY_INVALID",
    ]);
    assert.equal((await send(server, body, { path: `${path}?key=${KEY}` }))[0], 400);
    assert.equal((await send(server, body, { path: `${path}?alt=json` }))[0], 400);
    assert.equal((await send(server, body, { path: "v1/comments:analyze" }))[0], 404);
    const without = await fetch(server.url + path, { method: "POST", body });
    assert.equal(without.status, 403);
    await without.body?.cancel();
    assert.equal((await fetch(server.url + path).then((it) => it.text())).includes("404"), true);
    assert.equal(server.asked.size, 0);
  });
});

Deno.test("scores of unknown texts hang on text and seed alone, and are marked", async () => {
  const rowsOf = async (seed: number) => {
    const rows: Record<string, number | null>[] = [];
    await withAnalyzer({ seed }, async (_, ask) => {
      for (const text of ["one", "two", "one"]) {
        const raw = await ask(text);
        assert.equal(JSON.parse(raw).clientToken, DEMO_MARK);
        rows.push(CommentAnalyzer.readAnswer(raw));
      }
    });
    return rows;
  };
  const [one, two, again] = await rowsOf(1);
  assert.deepEqual(one, again);
  assert.notDeepEqual(one, two);
  assert.notDeepEqual(one, (await rowsOf(2))[0]);
  assert.equal(new Set(Object.values(one!)).size, 22);
});

Deno.test("outside English only six attributes are answered, and the others are null", async () => {
  await withAnalyzer({}, async (_, ask) => {
    const row = CommentAnalyzer.readAnswer(await ask("ein Text", "de"));
    assert.equal(Object.values(row).filter((value) => value !== null).length, 6);
    assert.equal(await reasonOf(ask("x", "eo")), "language_not_supported");
  });
});

Deno.test("more requests than the quota in a window are refused, and nothing of it is taken", async () => {
  const quota = { requests: 5, perMs: 1e9 };
  await withAnalyzer({ quota, retryAfter: 7 }, async (server, ask) => {
    const reasons = await Promise.all(Array.from({ length: 8 }, (_, at) => reasonOf(ask(`${at}`))));
    assert.equal(reasons.filter((reason) => reason === "rate_limited").length, 3);
    const error = await ask("x").then(() => undefined, (error) => error);
    assert.equal(error.retryAfterMs, 7000);
    assert.deepEqual([...server.statuses].sort(), [[200, 5], [429, 4]]);
    assert.equal(server.arrivals.length, 9);
    assert.deepEqual([server.mostWithin(1e9), server.mostWithin(1e-9)], [9, 1]);
  });
});

Deno.test("once a window has passed its quota is there again", async () => {
  await withAnalyzer({ quota: { requests: 1, perMs: 30 } }, async (_, ask) => {
    for (const text of ["one", "two", "three"]) {
      assert.equal(await reasonOf(ask(text)), null);
      await delay(40);
    }
  });
});

Deno.test("a storm refuses everything, and then it is over", async () => {
  await withAnalyzer({}, async (server, ask) => {
    server.storm(1e9, 3);
    const error = await ask("x").then(() => undefined, (error) => error);
    assert.deepEqual([error.problem, error.retryAfterMs], ["rate_limited", 3000]);
    server.storm(0);
    assert.equal(await reasonOf(ask("x")), null);
  });
});

Deno.test("faults come at their rates, and each is what it says", async () => {
  const kinds = { unavailable: "unavailable", broken: "invalid_answer", reset: "unavailable" };
  for (const [fault, reason] of Object.entries(kinds)) {
    await withAnalyzer({ faults: { [fault]: 1 } }, async (_, ask) => {
      assert.equal(await reasonOf(ask("x")), reason, fault);
    });
  }
  await withAnalyzer({ faults: { unavailable: 0.1, broken: 0.1 }, seed: 3 }, async (_, ask) => {
    const reasons = new Map<string | null, number>();
    await Promise.all(Array.from({ length: 400 }, async (_, at) => {
      const reason = await reasonOf(ask(`${at}`));
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }));
    for (const reason of ["unavailable", "invalid_answer"]) {
      const count = reasons.get(reason)!;
      // Five standard deviations of a binomial; the seed gives the same each time.
      assert.ok(count > 10 && count < 70, `${reason}: ${count}`);
    }
    assert.ok(reasons.get(null)! > 280);
  });
});

Deno.test({
  name: "the pilot's posts come back with the probabilities that were recorded for them",
  ignore: TEST_DATA === undefined,
  async fn() {
    const path = `${TEST_DATA}/pilot/posts.csv`;
    const table = await checkCsv(path, () => []);
    const posts: Record<string, string>[] = [];
    for await (const { fields } of csvRows(path, table)) posts.push(fields!);
    assert.ok(posts.length > 100);
    const recorded = new Map(posts.map((post) => [post.text!.toWellFormed(), probabilities(post)]));
    await withAnalyzer({ recorded }, async (server, ask) => {
      await Promise.all(posts.map(async (post) => {
        const raw = await ask(post.text!);
        assert.notEqual(JSON.parse(raw).clientToken, DEMO_MARK);
        const row = CommentAnalyzer.readAnswer(raw);
        for (const column of Object.keys(COLUMNS)) {
          const isAnswered = column !== "prob_constructive" && post[column];
          assert.equal(row[column], isAnswered ? Number(post[column]) : null, column);
        }
      }));
      assert.deepEqual(server.statuses, new Map([[200, posts.length]]));
      assert.equal(server.answered.size, recorded.size);
    });
  },
});

function probabilities(post: Record<string, string>): Record<string, number> {
  const known = Object.entries(ATTRIBUTES).filter(([, column]) => post[column]);
  return Object.fromEntries(known.map(([attribute, column]) => [attribute, Number(post[column])]));
}
