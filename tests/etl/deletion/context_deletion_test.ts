import assert from "node:assert/strict";
import { startAppView } from "../../../demo/network/appview.ts";
import { publishedPosts } from "../../../demo/sample/published_post.ts";
import { readSample } from "../../../demo/sample/sample.ts";
import { rawFolder, uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import {
  completed,
  DAY,
  fetched,
  journal,
  labelling,
  OTHER,
  parts,
  post,
  withAppView,
} from "../context/context_run.ts";

const SAMPLE = publishedPosts(readSample());

// Invariant 11
Deno.test("what is deleted or hidden is in no context and not asked for, when deleted during the run too", () =>
  withAppView(async (appView, data) => {
    const folder = await rawFolder(data);
    const [deleted, hidden, rewritten, later] = ["deleted", "hidden", "rewritten", "later"];
    const dids: Record<string, string> = { [hidden!]: OTHER };
    const uris = [deleted, hidden, rewritten, later].map((name) => uri(name!, dids[name!]));
    await folder.raw(
      "firehose",
      DAY,
      `a.${DAY}_${DAY}`,
      uris.map((uri, index) => ({ uri, event_time: `${DAY} 0${index * 2}:00:00`, text: uri })),
    );
    await folder.tombstone(DAY, "t", [
      { subject: uris[0]!, at: `${DAY} 01:00:00`, reason: "deleted" },
      { subject: OTHER, at: `${DAY} 03:00:00`, reason: "deactivated" },
      { subject: uris[2]!, at: `${DAY} 01:00:00`, reason: "deleted" },
      { subject: uri("never-seen"), at: `${DAY} 01:00:00`, reason: "not_found" },
    ]);
    const named = [...uris, uri("never-seen")];
    const posts = named.map((uri, index) => post(`p${index}`, { quoted_uri: uri }));
    await labelling(data, posts, appView.url, async ({ all }) => {
      const texts = async () => [...(await all()).values()].map(({ parts }) => parts[0]?.text);
      assert.deepEqual(await texts(), [undefined, undefined, uris[2], uris[3], undefined]);
      await folder.tombstone(DAY, "u", [
        { subject: uris[3]!, at: `${DAY} 23:00:00`, reason: "deleted" },
      ]);
      assert.deepEqual(await texts(), [undefined, undefined, uris[2], undefined, undefined]);
    });
    assert.deepEqual(appView.asked, []);
  }));

// Invariant 11
Deno.test("what was fetched is forgotten with its author, and never rechecked", () =>
  withAppView(async (appView, data) => {
    const posts = [post("a", { quoted_uri: uri("q", OTHER) }), post("b", { quoted_uri: uri("r") })];
    await completed(data, posts, appView.url);
    appView.asked.splice(0);
    const forgotten = await runTask(["forget", OTHER, "--data", data, "--json"]);
    assert.equal(forgotten.code, 0, forgotten.stderr);
    assert.deepEqual(JSON.parse(forgotten.stdout).removed_rows["raw/context"], 1);
    assert.deepEqual((await fetched(data)).map(({ uri }) => uri), [uri("r")]);
    const after = await completed(data, posts, appView.url);
    assert.deepEqual([parts(after, "a"), appView.asked], [[], []]);
    assert.equal(parts(after, "b").length, 1);
  }));

Deno.test("forget purges what stands in the journal of contexts, and a recheck what is gone from raw/context", () =>
  withData(async (data) => {
    const named = SAMPLE.filter(({ deletedAt, removedAt }) => Math.min(deletedAt, removedAt) > 9e15)
      .slice(0, 30);
    const appView = startAppView({ posts: named, now: new Date("2026-06-10T00:00:00Z") });
    try {
      const posts = named.map(({ uri }, index) => post(`p${index}`, { quoted_uri: uri }));
      let left = "";
      await labelling(data, posts, appView.url, async ({ all }) => {
        await all();
        left = await Deno.readTextFile(journal(data)!);
      });
      await Deno.remove(`${data}/raw/context`, { recursive: true });
      await Deno.writeTextFile(`${data}/journal/context/a.jsonl`, left);
      const forgotten = await runTask(["forget", named[0]!.uri, "--data", data, "--json"]);
      assert.equal(forgotten.code, 0, forgotten.stderr);
      assert.equal(journal(data), undefined);
      assert.equal((await fetched(data)).length, 29);
      named[1]!.deletedAt = 0;
      const run = await runTask(["forget", "--recheck", "--data", data, "--json"], {
        BLUESKY_APPVIEW: appView.url,
        CIVICSKY_CLOCK: "2026-06-10T00:00:00Z",
      });
      assert.equal(run.code, 0, run.stderr);
      const { asked, posts_gone } = JSON.parse(run.stdout);
      assert.deepEqual([asked, posts_gone], [29, 1]);
      const uris = (await fetched(data)).map(({ uri }) => uri);
      assert.deepEqual(uris, named.slice(2).map(({ uri }) => uri).sort());
    } finally {
      await appView.close();
    }
  }));
