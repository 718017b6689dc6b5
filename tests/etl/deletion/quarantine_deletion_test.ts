/** What was set aside goes with the posts and accounts whose text stands in it. */
import assert from "node:assert/strict";
import { encodeFrame } from "../../../demo/sample/frames.ts";
import { subjectsOf } from "../../../etl/deletion/quarantined_subjects.ts";
import { Quarantine } from "../../../etl/store/quarantine.ts";
import { DID, rawFolder, uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { runTask } from "../../task.ts";
import { lines } from "../store/quarantined_lines.ts";

const OTHER = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
const CLOCK = { CIVICSKY_CLOCK: "2026-06-02T00:00:00Z" };

/** A frame that cannot be read, with a post of an author. */
function frame(repo: string, rkey: string): Uint8Array {
  const ops = [{ action: "create", path: `app.bsky.feed.post/${rkey}`, cid: 5 }];
  return encodeFrame({ op: 1, t: "#commit" }, { seq: -5, repo, ops, blocks: { text: rkey } });
}

/** An event of Jetstream, likewise. */
function event(did: string, rkey: string): string {
  return JSON.stringify({ payload: { did, rkey, collection: "app.bsky.feed.post", seq: "x" } });
}

// Invariant 11
Deno.test("forget finds what was set aside by post and by account, in frames and events too", () =>
  withData(async (data) => {
    const { paths } = await rawFolder(data);
    const quarantine = new Quarantine(paths, "firehose");
    for (
      const [did, rkey] of [[DID, "a"], [DID, "a-longer"], [OTHER, "b"], [OTHER, "c"]] as const
    ) {
      quarantine.add("malformed_frame", { after: rkey }, frame(did, rkey));
      quarantine.add("malformed_frame", { after: rkey }, event(did, rkey));
    }
    // An op of a commit is set aside with all that the commit has.
    quarantine.add("malformed_op", { after: "op", uri: uri("x") }, frame(DID, "a"));
    quarantine.add("malformed_op", { after: "op2", uri: uri("y") }, frame(DID, "other"));
    await quarantine.commit();
    const forget = async (subject: string) => {
      const run = await runTask(["forget", subject, "--data", data, "--json"], CLOCK);
      assert.equal(run.code, 0, run.stderr);
      const left = (await lines(paths)).map(({ after }) => after);
      return [JSON.parse(run.stdout).removed_rows.quarantine ?? 0, [...new Set(left)].sort()];
    };
    assert.deepEqual(await forget(uri("a")), [3, ["a-longer", "b", "c", "op2"]]);
    assert.deepEqual(await forget(uri("nothing")), [0, ["a-longer", "b", "c", "op2"]]);
    assert.deepEqual(await forget(OTHER), [4, ["a-longer", "op2"]]);
    assert.deepEqual(await forget(DID), [3, []]);
  }));

// Invariant 11
Deno.test("lines of earlier versions name nobody, and are found by what stands in them", () => {
  const line = (payload: string | Uint8Array) => {
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    return JSON.stringify({ reason: "x", payload: bytes.toBase64() });
  };
  assert.deepEqual(subjectsOf(line(frame(DID, "a"))), [DID, uri("a")]);
  assert.deepEqual(subjectsOf(line(event(DID, "a"))), [DID, uri("a")]);
  assert.deepEqual(subjectsOf(line(JSON.stringify({ uri: uri("a"), text: "x" }))), [uri("a")]);
  const link = `https://bsky.app/profile/${DID}/post/a?x=1`;
  assert.deepEqual(subjectsOf(line(JSON.stringify([link, "text"]))), [uri("a")]);
  const torn = `{"reason":"x","did":"${DID}","payload":"${frame(DID, "a").toBase64()}`;
  assert.deepEqual(subjectsOf(`${torn}"`), [DID, uri("a")]);
  assert.deepEqual(subjectsOf(torn), [DID]);
  assert.deepEqual(subjectsOf(line("nothing")), []);
});
