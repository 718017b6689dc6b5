import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encodeFrame } from "../../../demo/sample/frames.ts";
import { Quarantine } from "../../../etl/store/quarantine.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withData } from "../../rows.ts";
import { lines } from "./quarantined_lines.ts";

// Invariant 9
Deno.test("what is set aside is counted by reason and keeps its place and its bytes", async () => {
  await withData(async (data) => {
    const paths = new DataPaths(data);
    const quarantine = new Quarantine(paths, "firehose");
    const bytes = new Uint8Array([0, 255, 10, 13]);
    quarantine.add("malformed_frame", { after: 7, did: "did:web:a.example" }, bytes);
    quarantine.add("malformed_record", { uri: "at://x", what: "\ud800" }, "text 🏡");
    quarantine.add("malformed_frame", { after: 8 }, new Uint8Array());
    assert.deepEqual(quarantine.counts, { malformed_frame: 2, malformed_record: 1 });
    assert.equal(quarantine.total, 3);
    assert.deepEqual(paths.quarantined(), []);
    await quarantine.commit();
    const [frame, record, empty] = await lines(paths);
    assert.equal(frame!.reason, "malformed_frame");
    assert.equal(frame!.after, 7);
    assert.deepEqual([...Buffer.from(frame!.payload as string, "base64")], [...bytes]);
    assert.equal(record!.what, "\ufffd");
    assert.equal(Buffer.from(record!.payload as string, "base64").toString(), "text 🏡");
    assert.equal(empty!.bytes, 0);
    await quarantine.commit();
    assert.equal((await lines(paths)).length, 3);
  });
});

Deno.test("a large thing keeps its first 64 KiB and says how large it was", async () => {
  await withData(async (data) => {
    const paths = new DataPaths(data);
    const quarantine = new Quarantine(paths, "firehose");
    quarantine.add("malformed_frame", { uri: "at://x" }, new Uint8Array(100_000).fill(7));
    await quarantine.commit();
    const [line] = await lines(paths);
    assert.equal(line!.bytes, 100_000);
    assert.equal(Buffer.from(line!.payload as string, "base64").length, 65_536);
  });
});

// Invariant 11
Deno.test("what names no post and no account keeps its size and a short hash, and no text", async () => {
  const did = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
  await withData(async (data) => {
    const paths = new DataPaths(data);
    const quarantine = new Quarantine(paths, "firehose");
    const mention = { facets: [{ features: [{ did }] }], text: "secret" };
    const things = [
      "secret",
      // Accounts that a text names are not its author.
      JSON.stringify({ record: mention }),
      encodeFrame({ op: 1, t: "#commit" }, { blocks: mention }),
      // The author of one of them would not find the other.
      encodeFrame({ op: 1, t: "#x" }, { did, repo: "did:web:b.example", text: "secret" }),
    ];
    for (const thing of things) quarantine.add("malformed_frame", { after: 7 }, thing);
    quarantine.add("malformed_frame", {}, JSON.stringify({ payload: { did, record: mention } }));
    quarantine.add("malformed_frame", {}, JSON.stringify({ did, commit: mention }));
    const commit = { ops: 1, repo: did, blocks: { ...mention, repo: "did:web:b.example" } };
    quarantine.add("malformed_frame", {}, encodeFrame({ op: 1, t: "#commit" }, commit));
    await quarantine.commit();
    const found = await lines(paths);
    for (const [index, thing] of things.entries()) {
      const { seen_at: _, ...line } = found[index]!;
      const bytes = thing.length;
      assert.deepEqual(line, { reason: "malformed_frame", after: 7, bytes, hash: line.hash });
      assert.match(String(line.hash), /^[0-9a-f]{8}$/);
    }
    for (const line of found.slice(things.length)) {
      assert.equal(line.did, did);
      assert.match(atob(String(line.payload)), /secret/);
    }
  });
});

// Invariant 9
Deno.test("what is added during a commit is written by it or by the next one", async () => {
  await withData(async (data) => {
    const paths = new DataPaths(data);
    const quarantine = new Quarantine(paths, "firehose");
    // Much of it, so that writing takes a while.
    const large = new Uint8Array(65_536);
    for (let after = 0; after < 200; after++) quarantine.add("malformed_frame", { after }, large);
    let isDone = false;
    const first = quarantine.commit().then(() => isDone = true);
    for (let after = 200; !isDone; after++) {
      quarantine.add("malformed_frame", { after }, "");
      await new Promise((resolve) => setTimeout(resolve));
    }
    await first;
    await quarantine.commit();
    const found = (await lines(paths)).map((line) => line.after);
    assert.deepEqual(found, Array.from({ length: quarantine.total }, (_, index) => index));
  });
});

// Invariant 1
Deno.test("a line that a killed process left torn is trimmed before the next is written", async () => {
  await withData(async (data) => {
    const paths = new DataPaths(data);
    const quarantine = new Quarantine(paths, "firehose");
    quarantine.add("malformed_frame", { after: 1 }, "");
    await quarantine.commit();
    const [path] = paths.quarantined();
    await Deno.writeTextFile(path!, '{"seen_at":"2026-06-', { append: true });
    quarantine.add("malformed_frame", { after: 2 }, "");
    await quarantine.commit();
    assert.deepEqual((await lines(paths)).map((line) => line.after), [1, 2]);
  });
});

// Invariant 9
Deno.test("a day of junk fills 100 MB and no more, says so, and is counted to its end", async () => {
  await withData(async (data) => {
    const paths = new DataPaths(data);
    const quarantine = new Quarantine(paths, "firehose");
    const junk = new Uint8Array(65_536);
    const add = (items: number) => {
      for (let item = 0; item < items; item++) {
        quarantine.add("malformed_record", { uri: "at://x", item }, junk);
      }
    };
    for (let commit = 0; commit < 30; commit++) {
      add(50);
      await quarantine.commit();
    }
    // More than a day's in one commit is not held either.
    add(2000);
    await quarantine.commit();
    const [path] = paths.quarantined();
    const { size } = await Deno.stat(path!);
    assert.ok(size > 99e6 && size < 101e6, `${size} bytes`);
    const reasons = (await lines(paths)).map(({ reason }) => reason);
    assert.equal(reasons.pop(), "no_more_kept");
    assert.ok(reasons.every((reason) => reason === "malformed_record"));
    assert.equal(quarantine.total, 3500);
  });
});
