import assert from "node:assert/strict";
import { journalFiles, rawRows, startCollecting, summaryOf } from "../etl/sources/firehose_run.ts";
import { withData } from "../rows.ts";
import type { Author, Published } from "./author.ts";
import { beginCollecting, published, sleep } from "./collection.ts";
import type { Network } from "./network.ts";

const BEFORE = 40;
const AFTER = 40;

/** A run lives through two crashes of the PDS that it reads, and what is written between lands once. */
export async function restartedPdsLosesNothing(network: Network, ada: Author): Promise<void> {
  await withData(async (data) => {
    await beginCollecting(network, ada, data);
    const posts: Published[] = [];
    const write = async (count: number) => {
      for (let n = 0; n < count; n++) {
        posts.push(await ada.post({ text: `Post ${posts.length}: the server comes and goes.` }));
      }
    };
    const limit = String(BEFORE + 2 * AFTER);
    const ends = ["--limit", limit, "--minutes", "5"];
    const output = startCollecting({ url: network.relay }, data, ends).output();
    await sleep(800);
    await write(BEFORE);
    for (let crash = 0; crash < 2; crash++) {
      // A crash counts where the run is connected: it has what was written last.
      for (let waits = 0; waits < 3000 && !has(data, posts.at(-1)!); waits++) await sleep(20);
      await network.killPds();
      await network.startPds();
      await write(AFTER);
    }
    const { code, stdout, stderr } = await output;
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const summary = summaryOf({ stdout: new TextDecoder().decode(stdout) });
    const { refused = 0, ...lost } = summary.reconnects as Record<string, number>;
    assert.equal(Object.values(lost).reduce((sum, n) => sum + n, 0), 2);
    assert.deepEqual([summary.posts, summary.set_aside], [posts.length, {}]);
    const rows = published(await rawRows(data));
    assert.deepEqual(
      rows.map(({ uri, cid }) => `${uri} ${cid}`).sort(),
      posts.map(({ uri, cid }) => `${uri} ${cid}`).sort(),
    );
    console.log(`2 lost connections, ${refused} refused; ${summary.repeated} events repeated`);
  });
}

/** Tell whether a post stands in the journal. */
function has(data: string, { uri }: Published): boolean {
  return journalFiles(data)
    .some((name) => Deno.readTextFileSync(`${data}/journal/firehose/${name}`).includes(uri));
}
