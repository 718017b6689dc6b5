import assert from "node:assert/strict";
import { rawFolder, uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { completed, OTHER, parts, post } from "./context_run.ts";

Deno.test("a context is the row's own card, alt texts and labels, in the order of its kinds", () =>
  withData(async (data) => {
    const found = await completed(data, [
      post("a", {
        external_title: " Senate passes the bill ",
        external_description: "It was late",
        external_url: "https://www.example.org/a?b",
        image_alts: ["a chart", " ", "a crowd"],
        self_labels: ["graphic-media", "spoiler"],
      }),
      post("b", { external_url: "no url", external_title: "" }),
    ]);
    assert.deepEqual(parts(found, "a"), [
      { kind: "link_title", text: "Senate passes the bill" },
      { kind: "link_description", text: "It was late" },
      { kind: "link_domain", text: "example.org" },
      { kind: "alt_text", text: "a chart" },
      { kind: "alt_text", text: "a crowd" },
      { kind: "self_labels", text: "graphic-media, spoiler" },
    ]);
    assert.deepEqual(parts(found, "b"), []);
  }));

Deno.test("named posts come from any source and day, in their highest rev, each once and not followed", () =>
  withData(async (data) => {
    const folder = await rawFolder(data);
    await folder.raw("firehose", "2026-05-01", "a.2026-05-01_2026-05-01", [
      { uri: uri("root"), rev: "3a", text: "first version", event_time: "2026-05-01 01:00:00" },
      { uri: uri("root"), rev: "3b", text: "second\u0000 version", quoted_uri: uri("further") },
      { uri: uri("further"), text: "a context of a context" },
      { uri: uri("empty"), text: "" },
    ]);
    await folder.raw("most_liked", "2026-06-02", "b.2026-06-01_2026-06-01", [
      { uri: uri("root"), text: "as a feed gave it, without rev" },
    ]);
    await folder.raw("import", "2026-06-03", "c.2026-06-01_2026-06-01", [
      { uri: uri("parent", OTHER), text: "of somebody else" },
    ]);
    const [root, parent] = [uri("root"), uri("parent", OTHER)];
    const found = await completed(data, [
      post("thread", { reply_root_uri: root, reply_parent_uri: parent, quoted_uri: uri("empty") }),
      post("first", { reply_root_uri: root, reply_parent_uri: root, quoted_uri: root }),
      post("quote", { quoted_uri: root, reply_root_uri: uri("quote") }),
      post("list", { quoted_uri: `at://${OTHER}/app.bsky.graph.list/3k` }),
    ]);
    const text = "second\u0000 version";
    assert.deepEqual(parts(found, "thread"), [
      { kind: "reply_root", text },
      { kind: "reply_parent", text: "of somebody else" },
    ]);
    assert.deepEqual(parts(found, "first"), [{ kind: "reply_parent", text }]);
    assert.deepEqual(parts(found, "quote"), [{ kind: "quoted_post", text }]);
    assert.deepEqual([...found.values()].flatMap(({ missing }) => missing), []);
  }));
