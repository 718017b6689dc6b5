import assert from "node:assert/strict";
import { join } from "node:path";
import { openDatabase } from "../../etl/store/duckdb.ts";
import { leftSegments } from "../../etl/store/journal.ts";
import { removeLeftovers } from "../../etl/store/whole_file.ts";
import { Child } from "../etl/store/child.ts";
import { versionOf } from "../etl/store/numbers.ts";
import { count, numbers } from "../etl/store/segment_numbers.ts";
import { withData } from "../rows.ts";

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

// Invariant 1
Deno.test("a writer killed at any instant has lost no line that it called durable", async () => {
  await withData(async (data) => {
    for (let kill = 0; kill < 8; kill++) {
      const child = new Child("store/appending_script.ts", data, String(kill), "0");
      await child.line();
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      const durable = Number((await child.kill()).at(-1) ?? 499);
      const path = join(data, `${kill}.jsonl`);
      assert.equal((await leftSegments(data)).at(-1), path);
      const found = await numbers(path);
      assert.ok(found.length > durable, `${found.length} lines, line ${durable} was durable`);
      assert.deepEqual(found, count(0, found.length));
      await Deno.remove(path);
    }
  });
});

// Invariant 2
Deno.test("a writer killed at any instant leaves a whole version and nothing half-written", () =>
  withData(async (folder) => {
    using database = await openDatabase(folder);
    const path = join(folder, "date=2026-06-01", "numbers.parquet");
    let last = 0;
    let leftovers = 0;
    for (let kill = 0; kill < 8; kill++) {
      const child = new Child("store/rewriting_script.ts", folder, path, String(last + 1));
      for (let lines = 0; lines < 2; lines++) last = Number(await child.line());
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
      last = Number((await child.kill()).at(-1) ?? last);
      const found = await versionOf(database, path);
      // The version after the last that was reported may have been in place when the kill came.
      assert.ok(found === last || found === last + 1, `version ${found} after ${last}`);
      last = found;
      const others = names(join(folder, "date=2026-06-01")).filter((name) =>
        name !== "numbers.parquet"
      );
      for (const name of others) assert.match(name, /^numbers\.parquet\.[0-9a-f]{8}\.part$/);
      leftovers += others.length;
      await removeLeftovers(path);
      assert.deepEqual(names(join(folder, "date=2026-06-01")), ["numbers.parquet"]);
    }
    assert.ok(leftovers > 0, "no kill came in the middle of writing");
  }));
