import assert from "node:assert/strict";
import { layWindows, readOwed } from "../../../etl/coverage/owed.ts";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { ownEnvironment } from "../../../etl/run/environment.ts";
import { withData } from "../../rows.ts";

const HOUR_MS = 3_600_000;

// Invariant 14
Deno.test("a clock that was a month ahead, or a year behind, takes no window away", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const paths = new DataPaths(data);
    const clocks = ["2026-06-01T00:00", "2026-07-01T00:00", "2025-06-02T00:00", "2026-06-04T20:00"];
    for (const clock of clocks) {
      await ownEnvironment.run(
        { CIVICSKY_CLOCK: `${clock}:00Z` },
        () => layWindows(database, paths, "firehose", { fixed: [11] }),
      );
    }
    const present = new Date("2026-06-05T00:00:00Z");
    const { owed, missed } = await readOwed(
      database,
      paths,
      "firehose",
      96 * HOUR_MS,
      [],
      present,
    );
    const hours = owed.map(({ from }) => from.toISOString().slice(5, 13));
    assert.deepEqual(hours, ["06-01T11", "06-02T11", "06-03T11", "06-04T11"]);
    assert.deepEqual(missed, []);
  }));
