import assert from "node:assert/strict";
import { query, withData } from "../rows.ts";
import { runTask } from "../task.ts";
import {
  DAY,
  label,
  LABELS,
  numberedPosts,
  startLabelling,
  withAnalyzer,
  writeDays,
  writeStudy,
} from "./perspective_run.ts";

const GOOGLE = "https://commentanalyzer.googleapis.com/";

Deno.test("without a key nothing is asked, and the error names the key, its file and what needs none", () =>
  withData(async (data) => {
    await writeDays(data, numberedPosts(1));
    await writeStudy(data);
    const server = { url: "http://127.0.0.1:9/" };
    const { code, stderr } = await label(data, server, [], { PERSPECTIVE_API_KEY: "" });
    assert.equal(code, 2);
    assert.match(stderr, /^Cannot .*PERSPECTIVE_API_KEY is not set\n.*\.env.*classify:dictionary/m);
  }));

Deno.test("a wrong key or address costs one request and ends the run with what to do", () =>
  withData((data) =>
    withAnalyzer({}, async (server) => {
      await writeDays(data, numberedPosts(200));
      await writeStudy(data);
      const key = await label(data, server, [], { PERSPECTIVE_API_KEY: "another-key" });
      assert.equal(key.code, 1, key.stdout);
      assert.match(key.stderr, /^Cannot run classify:perspective: .*PERSPECTIVE_API_KEY.*\.env/m);
      assert.doesNotMatch(key.stderr, /another-key|^\s+at /m);
      assert.equal(server.arrivals.length, 1);
      const gone = await label(data, { url: `${server.url}elsewhere/` });
      assert.equal(gone.code, 1);
      assert.match(gone.stderr, /^Cannot .*PERSPECTIVE_ROOT_URL.* 3 posts in a row/m);
      // A status alone may be about one post: two others are asked about.
      assert.equal(server.arrivals.length, 4);
      assert.equal((await label(data, server, ["--limit", "1"])).code, 4);
    })
  ));

Deno.test("Google's service has a last day: before it a warning, after it an error with alternatives", () =>
  withData(async (data) => {
    await writeDays(data, numberedPosts(1));
    await writeStudy(data);
    // A proxy that nobody listens at, so that no request leaves this machine.
    const offline = { PERSPECTIVE_ROOT_URL: GOOGLE, HTTPS_PROXY: "http://127.0.0.1:9" };
    const server = { url: GOOGLE };
    const before = await label(data, server, ["--dry-run"], {
      ...offline,
      CIVICSKY_CLOCK: "2026-12-01T00:00:00Z",
    });
    assert.deepEqual([before.code, before.summary.warnings.length], [0, 1]);
    assert.match(before.stderr, /Google ends Perspective on 2026-12-31, in 30 days/);
    const { stderr } = await label(data, server, ["--dry-run"], {
      ...offline,
      CIVICSKY_CLOCK: "2026-12-31T12:00:00Z",
    });
    assert.match(stderr, /Google ends Perspective on 2026-12-31, today\. .*deno task panel/);
    const dry = await label(data, server, ["--dry-run"], {
      ...offline,
      CIVICSKY_CLOCK: "2027-01-01T00:00:00Z",
    });
    assert.match(dry.stderr, /warning: Google ended Perspective on 2026-12-31.*CommentGuard/);
    const after = await label(data, server, [], {
      ...offline,
      CIVICSKY_CLOCK: "2027-01-01T00:00:00Z",
    });
    assert.equal(after.code, 1);
    assert.match(after.stderr, /switched off.*2026-12-31.*PERSPECTIVE_ROOT_URL.*CommentGuard/);
  }));

Deno.test("without posts there is nothing to label and nothing wrong", () =>
  withData(async (data) => {
    await writeStudy(data);
    const env = { PERSPECTIVE_API_KEY: "k", PERSPECTIVE_ROOT_URL: "http://127.0.0.1:9/" };
    const { code, stdout } = await runTask(
      ["classify:perspective", "--data", data, "--study", `${data}/study.yaml`],
      env,
    );
    assert.equal(code, 0);
    assert.match(stdout, /^Nothing to label: .*preprocess/);
  }));

// Invariant 2
Deno.test("a damaged day of posts stops that day, and a second run beside the first is refused", () =>
  withData((data) =>
    withAnalyzer({ latencyMs: 1500 }, async (server) => {
      await writeDays(data, [...numberedPosts(2), { name: "next", day: "2026-06-02" }]);
      await writeStudy(data);
      const damaged = `${data}/posts/date=${DAY}/posts.parquet`;
      await Deno.truncate(damaged, 300);
      const child = startLabelling(data, server);
      while (server.arrivals.length === 0) await new Promise((wait) => setTimeout(wait, 20));
      const second = await label(data, server);
      assert.equal(second.code, 3, second.stderr);
      assert.match(second.stderr, /the same work is already running/);
      const { code, stderr } = await child.output();
      assert.equal(code, 1);
      assert.ok(new TextDecoder().decode(stderr).includes(`the file ${damaged} is damaged`));
      const days = await query(data, `SELECT DISTINCT date::VARCHAR AS day FROM ${LABELS}`);
      assert.deepEqual(days, [{ day: "2026-06-02" }]);
    })
  ));
