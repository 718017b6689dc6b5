/** The backup script of docs/scale.md, where there is rsync. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { withData } from "../../rows.ts";
import { ROOT } from "../../task.ts";

const PAGE = Deno.readTextFileSync(`${ROOT}docs/scale.md`);
const SCRIPT = [...PAGE.matchAll(/```sh\n(#!\/bin\/sh\n[\s\S]*?)```/g)].map(([, code]) => code!);

async function hasRsync(): Promise<boolean> {
  try {
    return (await new Deno.Command("rsync", { args: ["--version"], stdout: "null" }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test({
  name:
    "the backup takes what is new and gone, and refuses an older state, another study and no study",
  ignore: !await hasRsync(),
  fn: () =>
    withData(async (folder) => {
      const write = async (path: string, text: string) => {
        await Deno.mkdir(dirname(`${folder}/${path}`), { recursive: true });
        await Deno.writeTextFile(`${folder}/${path}`, text);
      };
      const backUp = async (data: string) => {
        const { code, stderr } = await new Deno.Command("sh", {
          args: ["-c", SCRIPT[0]!, "backup.sh", data, "disk/backup"],
          cwd: folder,
        }).output();
        return { code, said: new TextDecoder().decode(stderr).trim() };
      };
      const read = (path: string) => Deno.readTextFile(`${folder}/disk/backup/${path}`);
      await Deno.mkdir(`${folder}/disk`);
      await write("data/.hash_key", "key");
      await write("data/runs/date=2026-06-01/a.parquet", "run");
      await write("data/posts/date=2026-06-01/posts.parquet", "with a deleted post");
      await write("data/raw/firehose/date=2026-06-01/b.parquet", "deleted");
      await write("data/posts/date=2026-06-01/posts.parquet.01234567.part", "half");
      await write("data/locks/x.lock", "{}");
      assert.deepEqual(await backUp("data"), { code: 0, said: "" });
      const older = await new Deno.Command("cp", { args: ["-rp", "data", "older"], cwd: folder })
        .output();
      assert.ok(older.success);

      await write("data/runs/date=2026-06-02/c.parquet", "run");
      await write("data/posts/date=2026-06-01/posts.parquet", "without it");
      // A clock that was set back must not keep what was deleted in the backup.
      await Deno.utime(`${folder}/data/posts/date=2026-06-01/posts.parquet`, 1e9, 1e9);
      await Deno.remove(`${folder}/data/raw/firehose/date=2026-06-01/b.parquet`);
      assert.deepEqual(await backUp("data"), { code: 0, said: "" });
      assert.equal(await read("data/posts/date=2026-06-01/posts.parquet"), "without it");
      const [day] = [...Deno.readDirSync(`${folder}/disk/backup/replaced`)];
      assert.equal(
        await read(`replaced/${day!.name}/raw/firehose/date=2026-06-01/b.parquet`),
        "deleted",
      );
      for (const gone of ["raw/firehose/date=2026-06-01/b.parquet", "locks"]) {
        await assert.rejects(Deno.stat(`${folder}/disk/backup/data/${gone}`), Deno.errors.NotFound);
      }

      assert.match((await backUp("older")).said, /^Cannot back up older: it lacks runs/);
      await write("other/.hash_key", "another key");
      assert.match((await backUp("other")).said, /is of another study$/);
      await Deno.mkdir(`${folder}/empty`);
      assert.deepEqual(await backUp("empty"), {
        code: 1,
        said: "Cannot back up empty: it has no .hash_key",
      });
      assert.equal(await read("data/posts/date=2026-06-01/posts.parquet"), "without it");

      await Deno.utime(`${folder}/disk/backup/replaced/${day!.name}`, 1e9, 1e9);
      assert.equal((await backUp("data")).code, 0);
      assert.deepEqual([...Deno.readDirSync(`${folder}/disk/backup/replaced`)], []);
    }),
});
