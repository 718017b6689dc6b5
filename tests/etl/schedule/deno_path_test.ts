import assert from "node:assert/strict";
import { denoPath } from "../../../etl/schedule/deno_path.ts";
import { withData } from "../../rows.ts";

Deno.test("cron finds Deno by the link that stays, not by the folder of a version or a cache", () =>
  withData(async (data) => {
    const folder = await Deno.realPath(data);
    for (const name of ["bin", "Cellar/deno/2.9.6", "other", "_npx/1f/node_modules/.bin"]) {
      await Deno.mkdir(`${folder}/${name}`, { recursive: true });
    }
    const running = `${folder}/Cellar/deno/2.9.6/deno`;
    const cached = `${folder}/_npx/1f/node_modules/.bin/deno`;
    await Deno.writeTextFile(running, "");
    await Deno.writeTextFile(`${folder}/other/deno`, "another version");
    await Deno.symlink(running, `${folder}/bin/deno`);
    await Deno.symlink(running, cached);
    const path = (...names: string[]) => names.map((name) => `${folder}/${name}`).join(":");
    const found = (path: string, program = running) => denoPath(program, path);
    assert.deepEqual(found(path("other", "_npx/1f/node_modules/.bin", "bin")), {
      path: `${folder}/bin/deno`,
      isCached: false,
    });
    assert.deepEqual(found(path("other", "none")), { path: running, isCached: false });
    assert.deepEqual(found("bin:.:"), { path: running, isCached: false }, "a folder that moves");
    await Deno.remove(cached);
    await Deno.rename(running, cached);
    assert.deepEqual(found(path("_npx/1f/node_modules/.bin", "bin"), cached), {
      path: cached,
      isCached: true,
    });
  }));
