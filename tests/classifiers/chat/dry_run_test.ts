import assert from "node:assert/strict";
import { DataPaths } from "../../../etl/store/paths.ts";
import { POSTS } from "../../../etl/store/tables.ts";
import { uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";
import { runTask } from "../../task.ts";

Deno.test("a dry run prices every post by its own text, packed or not", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    const post = (name: string, text: string) => ({
      uri: uri(name),
      cid: name,
      text,
      text_hash: `hash ${name}`,
      detected_language: "en",
      passed_filters: true,
    });
    const long = (name: string) =>
      post(name, `${name} asks for a vote on the water bill. `.repeat(9));
    const days = {
      "2026-06-01": ["a", "b", "c", "d"].map((name) => post(name, `${name} says hello there`)),
      "2026-06-02": ["e", "f", "g", "h"].map(long),
    };
    for (const [day, posts] of Object.entries(days)) {
      await writeRows(POSTS, posts, paths.posts(day));
    }
    const plan = async (...args: string[]) => {
      const task = ["classify:sociopolitical", "--dry-run", "--json", "--data", data, ...args];
      const { code, stdout, stderr } = await runTask(task);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout) as { tokens: number; requests: number; cost: number };
    };
    const short = await plan("--until", "2026-06-01");
    const both = await plan();
    const packed = await plan("--posts-per-request", "4", "--since", "2026-06-02");
    assert.deepEqual([short.requests, both.requests, packed.requests], [4, 8, 2]);
    // Of some 40 characters nine times over.
    const [ofShort, ofLong] = [short.tokens / 4, (both.tokens - short.tokens) / 4];
    assert.ok(ofLong > ofShort + 60, `${ofLong} against ${ofShort}`);
    assert.ok(packed.tokens > ofLong + 3 * 80, `${packed.tokens} for four of ${ofLong}`);
    assert.ok(packed.tokens < 3 * ofLong);
    assert.ok(both.cost > short.cost);
  }));
