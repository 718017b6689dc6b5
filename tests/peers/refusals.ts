import assert from "node:assert/strict";
import { join } from "node:path";
import { summaryOf } from "../etl/sources/firehose_run.ts";
import { query, withData } from "../rows.ts";
import { Author } from "./author.ts";
import { beginCollecting, collectOne, sleep } from "./collection.ts";
import type { Network } from "./network.ts";

/**
 * A PDS that no longer replays what a run asks for is noted in the coverage, and one whose stream is
 * shorter than what was read is read on from where it is. Leaves the PDS without its accounts.
 */
export async function cursorsAreRefused(network: Network, ada: Author): Promise<void> {
  await withData(async (data) => {
    await beginCollecting(network, ada, data);
    // A PDS says that it no longer replays what was asked for only where there is such an event.
    await ada.post({ text: "Nobody collects this." });
    await network.killPds();
    await sleep(1500);
    await network.startPds({ repoBackfillLimitMs: 1000 });
    await collectOne(network, ada, data);
    const [notes] = await query(
      data,
      `SELECT list_distinct(flatten(list(notes))) AS notes
       FROM read_parquet('{data}/coverage/*/*.parquet')`,
    );
    assert.deepEqual(notes, { notes: ["OutdatedCursor"] });

    await network.killPds();
    const empty = await Deno.makeTempDir({ dir: data });
    const blobs = join(empty, "blobs");
    await network.startPds({ dataDirectory: empty, blobstoreDiskLocation: blobs });
    const gil = await Author.create(network.pds, "gil");
    const run = await collectOne(network, gil, data);
    assert.match(run.stderr, /FutureCursor/);
    assert.deepEqual(summaryOf(run).reconnects, { FutureCursor: 1 });
  });
}
