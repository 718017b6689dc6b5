import assert from "node:assert/strict";
import { DataPaths } from "../../../etl/store/paths.ts";
import { POSTS } from "../../../etl/store/tables.ts";
import { postsPerDay } from "../../../notebooks/figures/posts_per_day.ts";
import { formatDay } from "../../../notebooks/measures/days.ts";
import { open } from "../../../notebooks/query/data.ts";
import { withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";

Deno.test("a post without any time counts on the day of its file, and not in 1970", () =>
  withData(async (folder) => {
    const day = "2026-06-02";
    const rows = [
      { uri: "at://a/1", in_firehose: true, created_at: "2026-06-02 09:00:00" },
      { uri: "at://a/2", in_firehose: true },
    ];
    await writeRows(POSTS, rows, new DataPaths(folder).posts(day));
    const found = await postsPerDay(await open(folder));
    assert.deepEqual(
      found.map(({ source, day, n }) => [source, formatDay(day), n]),
      [["firehose", day, 2]],
    );
  }));
