import assert from "node:assert/strict";
import { accountOf } from "../../../demo/sample/account.ts";
import { FrameError } from "../../../etl/atproto/frame_error.ts";
import { JETSTREAM_V1 } from "../../../etl/atproto/jetstream_v1.ts";
import { POST_COLLECTION } from "../../../etl/atproto/post.ts";

const { did } = accountOf("ada");
const TIME_US = 1780300800329308;
const TIME = "2026-06-01T08:00:00.329Z";
const CID = "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi";
const COMMIT = {
  rev: "3l3qo2vutsw2b",
  operation: "create",
  collection: POST_COLLECTION,
  rkey: "3l3qo2vuowo2b",
  cid: CID,
  record: { $type: POST_COLLECTION, text: "Ürban 🏡", createdAt: TIME },
};
const ACCOUNT = { active: false, status: "takendown", did, seq: 7, time: "2020-01-01T00:00:00Z" };

/** Write a message with some keys changed or, where undefined, taken out. */
function message(kind: string, body: unknown, changes: Record<string, unknown> = {}): string {
  return JSON.stringify({ did, time_us: TIME_US, kind, [kind]: body, ...changes });
}

Deno.test("events of version 1 are read as those of version 2, at the time and cursor time_us", () => {
  const place = { seq: TIME_US, time: Date.parse(TIME) };
  const op = { action: "create", collection: POST_COLLECTION, rkey: COMMIT.rkey, cid: CID };
  const commit = { kind: "commit", ...place, did, rev: COMMIT.rev };
  const { record, ...without } = COMMIT;
  const deleted = { ...without, operation: "delete", cid: undefined };
  const messages = [
    [message("commit", COMMIT), { ...commit, ops: [op], record }],
    [message("commit", { ...COMMIT, operation: "update" }), {
      ...commit,
      ops: [{ ...op, action: "update" }],
      record,
    }],
    [message("commit", deleted), {
      ...commit,
      ops: [{ ...op, action: "delete", cid: null }],
      record: undefined,
    }],
    [message("account", ACCOUNT), {
      kind: "account",
      ...place,
      did,
      active: false,
      status: "takendown",
    }],
    [message("identity", { did, handle: "ada.test", seq: 7 }), {
      kind: "other",
      type: "#identity",
      ...place,
    }],
    [message("new", 1), { kind: "other", type: "#new", ...place }],
  ] as const;
  for (const [raw, expected] of messages) {
    assert.deepEqual(JETSTREAM_V1.decode(raw), expected);
    assert.deepEqual(JETSTREAM_V1.decode(new TextEncoder().encode(raw)), expected);
  }
});

// Invariant 9, invariant 12
Deno.test("a malformed message of version 1 is a FrameError that holds nothing of its content", () => {
  const malformed: Record<string, string> = {
    "no JSON": "Ürban 🏡 {",
    "a list": "[]",
    "an event of version 2": JSON.stringify({ $type: "message", payload: { seq: 1 } }),
    "no commit": message("commit", undefined),
    "a commit that is a list": message("commit", [COMMIT]),
    "a commit of nobody": message("commit", COMMIT, { did: undefined }),
    "a commit that names itself": message("commit", { ...COMMIT, did }, { did: 7 }),
    "a commit without a revision": message("commit", { ...COMMIT, rev: "1" }),
    "no account": message("account", undefined),
    "an account of someone else": message("account", { ...ACCOUNT, did: accountOf("bo").did }),
    "an account that is active in words": message("account", { ...ACCOUNT, active: "no" }),
    "no kind": message("commit", COMMIT, { kind: undefined }),
  };
  for (
    const time_us of [
      undefined,
      null,
      "1780300800329308",
      -1,
      0,
      12345,
      1e15 - 1,
      1.5e15 + 0.5,
      1e16,
    ]
  ) {
    malformed[`time_us: ${typeof time_us} ${time_us}`] = message("commit", COMMIT, { time_us });
  }
  for (const [name, raw] of Object.entries(malformed)) {
    assert.throws(
      () => JETSTREAM_V1.decode(raw),
      (error) => error instanceof FrameError && /^[\w $-]+$/.test(error.message),
      name,
    );
  }
  const faulty = JETSTREAM_V1.decode(message("commit", { ...COMMIT, cid: "b" }));
  assert.ok(faulty.kind === "commit" && faulty.ops[0]!.fault !== undefined);
});
