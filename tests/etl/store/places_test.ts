import assert from "node:assert/strict";
import { join } from "node:path";
import { DataPaths } from "../../../etl/store/paths.ts";
import { nobodysFiles, PLACES } from "../../../etl/store/places.ts";
import { withData } from "../../rows.ts";
import { touch } from "../../touch.ts";

const DAY = "2026-06-01";
const SET = "0123456789abcdef";

// Invariant 11
Deno.test("whatever a task writes has a place that says whether it holds posts, and nothing else has", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    const holding = [
      paths.rawPart("firehose", DAY, "a"),
      paths.rawPart("context", DAY, "a"),
      join(paths.journal("jetstream"), "a.jsonl"),
      paths.posts(DAY),
      paths.labels("human", DAY),
      paths.replicates("attributes", DAY),
      paths.anchors("attributes"),
      paths.panelPosts("link"),
      join(paths.answers("perspective", SET), "a.jsonl"),
      join(paths.replicateAnswers("perspective", SET), "a.jsonl"),
      join(paths.batches("sociopolitical", SET), "a.jsonl"),
      paths.quarantine("import", DAY),
      join(paths.exports(), "analysis.csv"),
      join(paths.reports(), "01-overview.html"),
      `${paths.posts(DAY)}.0123abcd.part`,
      join(data, "tmp-host-1-2-0123abcd", "spill.tmp"),
    ];
    const others = [
      paths.rawPart("tombstones", DAY, "a"),
      paths.coveragePart(DAY, "a"),
      paths.windows("firehose", DAY),
      paths.aggregates(DAY),
      paths.run(DAY, "a"),
      paths.labelSets("human"),
      paths.drawnDays("perspective", SET),
      join(paths.quotas("perspective"), "a.json"),
      join(paths.spending("sociopolitical"), "a.json"),
      join(paths.locks(), "posts"),
      join(paths.logs(), "daily-2026-06.log"),
      paths.crontabBackup("a"),
      join(paths.slurm("a"), "submit.sh"),
      paths.hashKey(),
      paths.session(),
      paths.notice(),
      paths.archive(),
      paths.recheck(),
      paths.incidents(),
      paths.incidentsReserve(),
      join(data, "compaction.json"),
    ];
    const place = (path: string) =>
      PLACES.find(({ files }) => files.test(path.slice(data.length + 1)));
    for (const path of holding) assert.ok(place(path)?.holds, path);
    for (const path of others) {
      assert.deepEqual([place(path)?.holds, !place(path)], [undefined, false], path);
    }
    await touch(...holding, ...others, join(data, ".DS_Store"), join(data, "posts", "Thumbs.db"));
    assert.deepEqual(nobodysFiles(paths), []);
    const foreign = [
      "backup/posts/date=2026-06-01/posts.parquet",
      "coded.csv",
      "labels/human/date=2026-06-01/labels.csv",
      "posts/posts.csv",
      "raw/firehose/date=2026-06-01/notes.txt",
    ].map((name) => join(data, name));
    await touch(...foreign);
    assert.deepEqual(nobodysFiles(paths), foreign);
  }));
