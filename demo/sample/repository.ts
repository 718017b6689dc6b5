/** A genuine AT Protocol repository: a Merkle search tree of records under signed commits. */
import { type CidLink, encode, toBytes, toCidLink } from "@atcute/cbor";
import { fromString } from "@atcute/cid";
import {
  findRpathAndBuildProof,
  MemoryBlockStore,
  MSTNode,
  NodeStore,
  NodeWrangler,
} from "@atcute/mst";
import { create as createTid } from "@atcute/tid";
import { type Account, signingKey } from "./account.ts";
import { type Block, blockOf, carFile } from "./block.ts";

/** A create, update or delete in an invented repository. */
export type Write =
  | { action: "create" | "update"; path: string; record: object }
  | { action: "delete"; path: string };

/** An op of a commit of an invented repository. */
export interface RepoOp {
  action: Write["action"];
  path: string;
  /** Null for a deletion. */
  cid: CidLink | null;
  /** The CID before; absent for a creation. */
  prev?: CidLink;
}

/** A commit with everything that a `#commit` message says about it. */
export interface Commit {
  repo: string;
  rev: string;
  since: string | null;
  commit: CidLink;
  prevData: CidLink | null;
  ops: RepoOp[];
  /** The signed commit, the nodes that prove each path, the records written. */
  blocks: Block[];
  /** `blocks` as a CAR file with the commit as its root. */
  car: Uint8Array<ArrayBuffer>;
}

/** The last commit of a repository alone, as `#sync` carries it. */
export type Head = Pick<Commit, "repo" | "rev" | "car">;

/** The repository of an invented account, which makes signed commits. */
export class Repository {
  #nodes = new NodeStore(new MemoryBlockStore());
  #tree = new NodeWrangler(this.#nodes);
  #records = new Map<string, CidLink>();
  #data: CidLink | null = null;
  #rev: string | null = null;
  #revTime = 0;
  #head: Block | undefined;

  constructor(readonly account: Account) {}

  /**
   * Apply writes as one signed commit at a time in milliseconds since 1970.
   *
   * Throws where a record to create exists already, or one to update or delete does not.
   */
  async commit(writes: Write[], time: number): Promise<Commit> {
    const prevData = this.#data;
    const since = this.#rev;
    const ops: RepoOp[] = [];
    const records: Block[] = [];
    for (const write of writes) {
      const { op, record } = await this.#apply(write);
      ops.push(op);
      if (record) records.push(record);
    }
    const head = await this.#sign(time);
    const blocks = [head, ...await this.#proof(writes), ...records];
    return {
      repo: this.account.did,
      rev: this.#rev!,
      since,
      commit: head.cid,
      prevData,
      ops,
      blocks,
      car: await carFile(head.cid, blocks),
    };
  }

  /** Show the last commit; throws before the first one. */
  async head(): Promise<Head> {
    if (this.#head === undefined) {
      throw new Error(`Cannot show the head of ${this.account.did}: nothing is committed`);
    }
    const car = await carFile(this.#head.cid, [this.#head]);
    return { repo: this.account.did, rev: this.#rev!, car };
  }

  async #apply(write: Write): Promise<{ op: RepoOp; record?: Block }> {
    const { action, path } = write;
    const prev = this.#records.get(path);
    if ((prev === undefined) !== (action === "create")) {
      const found = prev ? "it exists already" : "there is no such record";
      throw new Error(`Cannot ${action} ${path} in ${this.account.did}: ${found}`);
    }
    const root = this.#data?.$link ?? null;
    if (write.action === "delete") {
      this.#records.delete(path);
      this.#data = link(await this.#tree.deleteRecord(root, path));
      return { op: { action, path, cid: null, prev: prev! } };
    }
    const record = blockOf(write.record);
    this.#records.set(path, record.cid);
    this.#data = link(await this.#tree.putRecord(root, path, record.cid));
    return { op: { action, path, cid: record.cid, ...(prev && { prev }) }, record };
  }

  async #sign(time: number): Promise<Block> {
    this.#revTime = Math.max(time * 1000, this.#revTime + 1);
    this.#rev = createTid(this.#revTime, 0);
    this.#data ??= await this.#empty();
    const unsigned = {
      did: this.account.did,
      version: 3,
      data: this.#data,
      rev: this.#rev,
      prev: null,
    };
    const key = await signingKey(this.account.id);
    const sig = await key.sign(encode(unsigned));
    this.#head = blockOf({ ...unsigned, sig: toBytes(sig) });
    return this.#head;
  }

  /** The paths of each key and of its neighbours: all new nodes, and what sync 1.1 undoes it with. */
  async #proof(writes: Write[]): Promise<Block[]> {
    const root = this.#data!.$link;
    const cids = new Set([root]);
    for (const path of writes.flatMap(({ path }) => this.#neighbourhood(path))) {
      const [, proof] = await findRpathAndBuildProof(this.#nodes, root, path);
      for (const cid of proof) cids.add(cid);
    }
    return await Promise.all(Array.from(cids, async (cid) => {
      const node = await this.#nodes.get(cid);
      return { cid: link(cid), bytes: await node.serialize() };
    }));
  }

  #neighbourhood(path: string): string[] {
    const neighbourhood = [path];
    let [left, right] = ["", ""];
    for (const key of this.#records.keys()) {
      if (key < path && key > left) left = key;
      if (key > path && (right === "" || key < right)) right = key;
    }
    if (left) neighbourhood.push(left);
    if (right) neighbourhood.push(right);
    return neighbourhood;
  }

  async #empty(): Promise<CidLink> {
    return await (await this.#nodes.put(MSTNode.empty())).cid();
  }
}

function link(cid: string): CidLink {
  return toCidLink(fromString(cid));
}
