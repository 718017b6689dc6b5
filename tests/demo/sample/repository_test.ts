import assert from "node:assert/strict";
import { fromUint8Array } from "@atcute/car";
import { decode, encode, fromBytes, fromCidLink } from "@atcute/cbor";
import { CODEC_DCBOR, create as createCid, equals, toString } from "@atcute/cid";
import { verifySigWithDidKey } from "@atcute/crypto";
import {
  MemoryBlockStore,
  NodeStore,
  NodeWalker,
  NodeWrangler,
  verifyExclusion,
  verifyInclusion,
} from "@atcute/mst";
import { accountOf, signingKey } from "../../../demo/sample/account.ts";
import { type Commit, Repository } from "../../../demo/sample/repository.ts";

const COLLECTION = "app.bsky.feed.post";
const note = (text: string) => ({ $type: COLLECTION, text });

/** Sixty creations, then an update and a deletion of each third: enough for a tree of some depth. */
async function commitsOf(repository: Repository): Promise<Commit[]> {
  const commits = [];
  const start = Date.parse("2026-06-01T00:00:00Z");
  const paths = Array.from({ length: 60 }, (_, i) => `${COLLECTION}/3k${1000 + i * 7}`);
  for (const [i, path] of paths.entries()) {
    const write = { action: "create" as const, path, record: note(`note ${i}`) };
    commits.push(await repository.commit([write], start + i));
  }
  for (const [i, path] of paths.entries()) {
    if (i % 3 !== 0) continue;
    const record = note(`changed ${i}`);
    commits.push(await repository.commit([{ action: "update", path, record }], start + 100 + i));
    commits.push(await repository.commit([{ action: "delete", path }], start + 200 + i));
  }
  return commits;
}

async function blocksOf({ car, commit }: Commit) {
  const reader = fromUint8Array(car);
  assert.deepEqual(reader.roots.map((root) => root.$link), [commit.$link]);
  const blocks = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { cid, bytes } of reader) {
    assert.ok(equals(await createCid(CODEC_DCBOR, bytes), cid), "a block is not named by its hash");
    blocks.set(toString(cid), new Uint8Array(bytes));
  }
  return blocks;
}

const repository = new Repository(accountOf("ada"));
const commits = await commitsOf(repository);

Deno.test("the blocks of a commit hash to their CIDs and its signature is the account's", async () => {
  const didKey = await (await signingKey("ada")).exportPublicKey("did");
  for (const commit of commits) {
    const { sig, ...unsigned } = decode((await blocksOf(commit)).get(commit.commit.$link)!);
    assert.equal(unsigned.did, repository.account.did);
    assert.equal(unsigned.version, 3);
    assert.equal(unsigned.rev, commit.rev);
    assert.equal(unsigned.prev, null);
    const signature = new Uint8Array(fromBytes(sig));
    assert.ok(await verifySigWithDidKey(didKey, signature, encode(unsigned)));
    const forged = encode({ ...unsigned, rev: "3aaaaaaaaaaaa" });
    assert.equal(await verifySigWithDidKey(didKey, signature, forged), false);
  }
});

Deno.test("the nodes in the CAR lead from the root to each record, or show that it is gone", async () => {
  for (const commit of commits) {
    const blocks = await blocksOf(commit);
    const nodes = new NodeStore(new MemoryBlockStore(blocks));
    const { data } = decode(blocks.get(commit.commit.$link)!);
    for (const { action, path, cid } of commit.ops) {
      if (action === "delete") await verifyExclusion(nodes, data.$link, path);
      else {
        await verifyInclusion(nodes, data.$link, path);
        assert.equal(decode(blocks.get(cid!.$link)!).$type, COLLECTION);
      }
    }
  }
});

Deno.test("undoing the operations with the CAR alone gives prevData, as sync 1.1 verifies", async () => {
  for (const { prevData, ops, ...commit } of commits.slice(1)) {
    const blocks = await blocksOf({ prevData, ops, ...commit });
    const tree = new NodeWrangler(new NodeStore(new MemoryBlockStore(blocks)));
    let root: string = decode(blocks.get(commit.commit.$link)!).data.$link;
    for (const { path, prev } of ops.toReversed()) {
      root = prev ? await tree.putRecord(root, path, prev) : await tree.deleteRecord(root, path);
    }
    assert.equal(root, prevData!.$link);
  }
});

Deno.test("the CARs of all commits together hold the whole tree", async () => {
  const blocks = new Map((await Promise.all(commits.map(blocksOf))).flatMap((car) => [...car]));
  const nodes = new NodeStore(new MemoryBlockStore(blocks));
  const { data } = decode(blocks.get(commits.at(-1)!.commit.$link)!);
  const walker = await NodeWalker.create(nodes, data.$link);
  const texts = (await Array.fromAsync(walker.entries()))
    .map(([, cid]) => decode(blocks.get(cid.$link)!).text);
  const kept = Array.from({ length: 60 }, (_, i) => i).filter((i) => i % 3 !== 0);
  assert.deepEqual(texts.toSorted(), kept.map((i) => `note ${i}`).toSorted());
});

Deno.test("revisions increase, and each commit names the one before it", () => {
  assert.equal(commits[0]!.since, null);
  assert.equal(commits[0]!.prevData, null);
  for (const [i, { rev, since }] of commits.entries()) {
    if (i === 0) continue;
    assert.equal(since, commits[i - 1]!.rev);
    assert.ok(rev > since!);
  }
});

Deno.test("two commits at the same time still get increasing revisions", async () => {
  const twin = new Repository(accountOf("twin"));
  const first = await twin.commit([{ action: "create", path: "a.b/1", record: {} }], 1000);
  const second = await twin.commit([{ action: "create", path: "a.b/2", record: {} }], 1000);
  assert.ok(second.rev > first.rev);
});

Deno.test("the tree is empty again after everything is deleted", async () => {
  const small = new Repository(accountOf("small"));
  const { prevData } = await small.commit([], 1000).then(() => small.commit([], 2000));
  const path = "a.b/1";
  await small.commit([{ action: "create", path, record: {} }], 3000);
  const { blocks } = await small.commit([{ action: "delete", path }], 4000);
  assert.equal(decode(blocks[0]!.bytes).data.$link, prevData!.$link);
});

Deno.test("a write that does not fit what is there is refused", async () => {
  const small = new Repository(accountOf("small"));
  await assert.rejects(small.head(), /Cannot show the head .* nothing is committed/);
  const path = "a.b/1";
  await small.commit([{ action: "create", path, record: {} }], 1000);
  await assert.rejects(
    small.commit([{ action: "create", path, record: {} }], 2000),
    /Cannot create a\.b\/1 .* it exists already/,
  );
  await assert.rejects(
    small.commit([{ action: "delete", path: "a.b/2" }], 2000),
    /Cannot delete a\.b\/2 .* there is no such record/,
  );
});

Deno.test("the head is the last signed commit alone", async () => {
  const { rev, car } = await repository.head();
  assert.equal(rev, commits.at(-1)!.rev);
  const [block, ...others] = [...fromUint8Array(car)];
  assert.equal(others.length, 0);
  assert.ok(equals(block!.cid, fromCidLink(commits.at(-1)!.commit)));
});
