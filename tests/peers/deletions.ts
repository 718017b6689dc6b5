import assert from "node:assert/strict";
import { rawRows } from "../etl/sources/firehose_run.ts";
import { query, withData } from "../rows.ts";
import { Author, moderate } from "./author.ts";
import { beginCollecting, collectToNow, preprocess, published } from "./collection.ts";
import type { Network } from "./network.ts";

/**
 * What authors and operators take back leaves every table, whether it had landed before or not.
 *
 * The posts of an account that is deactivated are hidden, and come back with it.
 */
export async function deletedMeansDeleted(network: Network, ada: Author): Promise<void> {
  const create = (name: string) => Author.create(network.pds, name);
  const [dora, eli, fay] = [await create("dora"), await create("eli"), await create("fay")];
  await withData(async (data) => {
    await beginCollecting(network, ada, data);
    const kept = await ada.post({ text: "Ada keeps this post." });
    const landed = await ada.post({ text: "Ada deletes this post after it landed." });
    const ofDora = await dora.post({ text: "Dora leaves for a while." });
    await eli.post({ text: "Eli removes the account." });
    await fay.post({ text: "Fay is taken down." });
    const before = await collectToNow(network, ada, data);
    assert.deepEqual([before.posts, before.deletions, before.set_aside], [5, 0, {}]);

    await ada.delete(landed);
    const unseen = await ada.post({ text: "Ada deletes this post before anyone sees it." });
    await ada.delete(unseen);
    await dora.deactivate();
    await moderate(network.pds, eli.did, "delete");
    await moderate(network.pds, fay.did, "take down");
    const after = await collectToNow(network, ada, data);
    assert.deepEqual([after.posts, after.deletions, after.set_aside], [1, 5, {}]);
    assert.deepEqual(
      await query(
        data,
        `SELECT subject_kind AS kind, reason, count(*)::INTEGER AS n
         FROM read_parquet('{data}/raw/tombstones/*/*.parquet')
         -- A new account is active: the event may reach the relay before the collection or in it.
         WHERE reason <> 'active' GROUP BY ALL ORDER BY ALL`,
      ),
      [
        { kind: "account", reason: "deactivated", n: 1 },
        { kind: "account", reason: "deleted", n: 1 },
        { kind: "account", reason: "takendown", n: 1 },
        { kind: "post", reason: "deleted", n: 2 },
      ],
    );

    const uris = (rows: { uri: string }[]) => rows.map(({ uri }) => uri).sort();
    const posts = async () => {
      await preprocess(data);
      const sql = `SELECT uri, text FROM read_parquet('{data}/posts/*/*.parquet')`;
      return uris(published(await query<{ uri: string }>(data, sql)));
    };
    assert.deepEqual(await posts(), [kept.uri]);
    assert.deepEqual(uris(published(await rawRows(data))), [kept.uri, ofDora.uri].sort());
    await dora.activate();
    await collectToNow(network, ada, data);
    assert.deepEqual(await posts(), [kept.uri, ofDora.uri].sort());
  });
}
