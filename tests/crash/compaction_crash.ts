import assert from "node:assert/strict";
import { DataPaths } from "../../etl/store/paths.ts";
import { holdFiles } from "../../etl/store/reading.ts";
import { DAY, names, rowsOf, threeParts } from "../etl/compact/compact_run.ts";
import { query, withData } from "../rows.ts";
import { ROOT } from "../task.ts";

const STEPS = [
  "writing is listed",
  "merged file is written",
  "switching is listed",
  "merged file counts",
  "a part is removed",
  "finished",
];

// Invariant 2
Deno.test("a compaction that is killed at any step shows every row once, before and after it is finished", async (t) => {
  for (const step of STEPS) {
    await t.step(step, () =>
      withData(async (data) => {
        await threeParts(data);
        const before = await rowsOf(data, "raw/firehose");
        const { signal } = await new Deno.Command(Deno.execPath(), {
          args: [
            "run",
            "--allow-all",
            "tests/crash/killed_compact.ts",
            data,
            "raw/firehose",
            DAY,
            step,
          ],
          cwd: ROOT,
        }).output();
        assert.equal(signal, "SIGKILL");
        assert.deepEqual(await rowsOf(data, "raw/firehose"), before);
        await (await holdFiles(new DataPaths(data)))[Symbol.asyncDispose]();
        // Now also to whoever lists the folder with a pattern.
        assert.deepEqual(
          await query(
            data,
            "SELECT * EXCLUDE date FROM read_parquet('{data}/raw/firehose/*/*.parquet')",
          ),
          before,
        );
        const files = names(data, "raw/firehose");
        assert.ok(files.every((name) => name.endsWith(".parquet")), files.join());
        assert.equal(files.length, STEPS.indexOf(step) < 2 ? 3 : 1);
      }));
  }
});
