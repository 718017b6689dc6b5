import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withData } from "../../rows.ts";
import { touch } from "../../touch.ts";

const DAYS = ["2026-06-02", "2026-06-01"] as const;

Deno.test("the Parquet files of a table are listed in order, with their days", async () => {
  await withData(async (data) => {
    const paths = new DataPaths(data);
    const posts = DAYS.map((day) => paths.posts(day));
    await touch(...posts, paths.rawPart("firehose", DAYS[0], "a"), paths.labelSets("dictionary"));
    assert.deepEqual(paths.files("posts"), [
      { path: posts[1], day: DAYS[1] },
      { path: posts[0], day: DAYS[0] },
    ]);
    assert.deepEqual(paths.files("raw/firehose").map((file) => file.day), [DAYS[0]]);
    const sets = [{ path: paths.labelSets("dictionary"), day: undefined }];
    assert.deepEqual(paths.files("label_sets"), sets);
    assert.deepEqual(paths.files("nothing"), []);
  });
});

// Invariant 2
Deno.test("files that are being written are in no list", async () => {
  await withData(async (data) => {
    const paths = new DataPaths(data);
    const post = paths.posts(DAYS[0]);
    await touch(`${post}.0123abcd.part`, `${paths.quarantine("firehose", DAYS[0])}.0123abcd.part`);
    assert.deepEqual(paths.files("posts"), []);
    assert.deepEqual(paths.quarantined(), []);
    await touch(post, paths.quarantine("firehose", DAYS[0]));
    assert.deepEqual(paths.files("posts").map((file) => file.path), [post]);
    assert.deepEqual(paths.quarantined(), [paths.quarantine("firehose", DAYS[0])]);
  });
});

Deno.test("sources and classifiers are the folders, in order", async () => {
  await withData(async (data) => {
    const paths = new DataPaths(data);
    await touch(join(data, "raw", "notes.txt"));
    for (const source of ["most_liked", "firehose"]) await touch(paths.rawPart(source, "x", "a"));
    assert.deepEqual(paths.names("raw"), ["firehose", "most_liked"]);
    assert.deepEqual(paths.names("labels"), []);
  });
});

// Invariant 11
Deno.test("a folder that was moved to another disk and linked is still found", async () => {
  await withData(async (data) => {
    const [paths, moved] = [new DataPaths(join(data, "a")), new DataPaths(join(data, "b"))];
    const part = paths.rawPart("firehose", DAYS[0], "1");
    await touch(part, moved.rawPart("firehose", DAYS[1], "2"), moved.rawPart("import", "x", "3"));
    await Deno.symlink(
      dirname(moved.rawPart("firehose", DAYS[1], "2")),
      dirname(paths.rawPart("firehose", DAYS[1], "2")),
    );
    await Deno.symlink(join(data, "b", "raw", "import"), join(data, "a", "raw", "import"));
    assert.deepEqual(paths.files("raw/firehose"), [
      { path: paths.rawPart("firehose", DAYS[1], "2"), day: DAYS[1] },
      { path: part, day: DAYS[0] },
    ]);
    assert.deepEqual(paths.names("raw"), ["firehose", "import"]);
  });
});
