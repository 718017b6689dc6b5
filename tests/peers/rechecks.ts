import assert from "node:assert/strict";
import { AtpAgent } from "@atproto/api";
import { rawRows } from "../etl/sources/firehose_run.ts";
import { query, withData } from "../rows.ts";
import { runTask } from "../task.ts";
import { Author, moderate } from "./author.ts";
import { beginCollecting, collectToNow, published, sleep } from "./collection.ts";
import type { Network } from "./network.ts";

const PATIENCE_MS = 60_000;

/** `forget --recheck` asks a real AppView what has become of posts and of their authors. */
export async function recheckFindsWhatIsGone(network: Network, ada: Author): Promise<void> {
  const appview = network.appview!;
  const create = (name: string) => Author.create(network.pds, name);
  const [gil, hal, ivy, jon] = [
    await create("gil"),
    await create("hal"),
    await create("ivy"),
    await create("jon"),
  ];
  await withData(async (data) => {
    await beginCollecting(network, ada, data);
    const [kept, deleted, ofHal, ofIvy, ofJon] = [
      await gil.post({ text: "Gil keeps this post." }),
      await gil.post({ text: "Gil deletes this post and nobody sees it." }),
      await hal.post({ text: "Hal goes away and comes back." }),
      await ivy.post({ text: "Ivy removes the account." }),
      await jon.post({ text: "Jon is taken down." }),
    ];
    const others = [];
    for (let n = 0; n < 20; n++) others.push(await ada.post({ text: `Ada stays, ${n}.` }));
    await collectToNow(network, ada, data);
    const recheck = async () => {
      const args = ["forget", "--recheck", "--data", data, "--json", "--appview", appview];
      const { code, stdout, stderr } = await runTask(args);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout);
    };
    const all = [kept, deleted, ofHal, ofIvy, ofJon, ...others].map(({ uri }) => uri);
    await has(appview, all);
    const nothing = await recheck();
    assert.equal(nothing.posts_gone + nothing.accounts_gone + nothing.accounts_deactivated, 0);

    await gil.delete(deleted);
    await hal.deactivate();
    await moderate(network.pds, ivy.did, "delete");
    await moderate(network.pds, jon.did, "take down");
    const left = [kept, ...others].map(({ uri }) => uri);
    await has(appview, left, all);
    const found = await recheck();
    console.log(`a recheck of ${found.asked} posts: ${JSON.stringify(found)}`);
    assert.deepEqual(
      [found.posts_gone, found.accounts_gone, found.accounts_deactivated, found.unknown],
      [1, 2, 1, 0],
    );
    const uris = published(await rawRows(data)).map(({ uri }) => uri).sort();
    assert.deepEqual(uris, [...left, ofHal.uri].sort());

    await hal.activate();
    await has(appview, [...left, ofHal.uri], all);
    assert.equal((await recheck()).accounts_back, 1);
    const reasons = await query(
      data,
      "SELECT DISTINCT reason FROM '{data}/raw/tombstones/*/*.parquet' ORDER BY ALL",
    );
    console.log(`tombstones: ${reasons.map(({ reason }) => reason).join(", ")}`);
  });
}

/** Wait until the AppView has exactly these of some posts. */
async function has(service: string, uris: string[], of = uris): Promise<void> {
  const agent = new AtpAgent({ service });
  const patience = performance.now() + PATIENCE_MS;
  for (;;) {
    const { data } = await agent.app.bsky.feed.getPosts({ uris: of.slice(0, 25) });
    const got = data.posts.map(({ uri }) => uri).sort();
    if (JSON.stringify(got) === JSON.stringify(uris.toSorted())) return;
    if (performance.now() > patience) assert.deepEqual(got, uris.toSorted());
    await sleep(250);
  }
}
