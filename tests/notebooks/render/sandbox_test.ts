import assert from "node:assert/strict";
import { join } from "node:path";
import { rawFolder, uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { ROOT, runTask } from "../../task.ts";
import { runSources, textOf } from "../cells.ts";
import { tryingCells, waysOut } from "./ways_out.ts";

const SECRET = "sk-planted-secret";

Deno.test("no cell reads a secret, writes, runs a program or reaches anybody, in more than forty ways", () =>
  withData(async (parent) => {
    const data = `${parent}/data`;
    const folder = await rawFolder(data);
    await folder.raw("firehose", "2026-06-01", "a", [
      { uri: uri("1"), cid: "c1", event_time: "2026-06-01 10:00:00", text: SECRET },
    ]);
    const { code, stderr } = await runTask(["preprocess", "--data", data]);
    assert.equal(code, 0, stderr);
    const files = [`${parent}/.env`, `${data}/.hash_key`, `${data}/.bluesky_session.json`];
    for (const path of files) await Deno.writeTextFile(path, `"${SECRET}"`);
    await Deno.writeTextFile(`${parent}/module.ts`, `export default "${SECRET}";`);
    await Deno.writeTextFile(`${parent}/file.json`, `"${SECRET}"`);
    let requests = 0;
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => {
      requests++;
      return new Response(SECRET);
    });
    Deno.env.set("GROQ_API_KEY", SECRET);
    try {
      const ways = waysOut({
        files,
        module: `${parent}/module.ts`,
        json: `${parent}/file.json`,
        folder: data,
        checkout: join(ROOT, "notebooks/views.sql"),
        url: `http://127.0.0.1:${server.addr.port}`,
      });
      assert.ok(Object.keys(ways).length > 40);
      const before = await everything(parent);
      const printed = textOf((await runSources(data, tryingCells(ways)))[1]);
      const said = printed.split("\n").filter((line) => /^(no|GOT) /.test(line));
      assert.equal(said.length, Object.keys(ways).length, printed);
      // A variable that may not be read is as one that is not set.
      const got = said.filter((line) => !/^no |^GOT .* (undefined|false)$/.test(line));
      assert.deepEqual(got, []);
      assert.doesNotMatch(printed, new RegExp(SECRET));
      assert.deepEqual(await everything(parent), before);
      assert.equal(requests, 0);
    } finally {
      Deno.env.delete("GROQ_API_KEY");
      await server.shutdown();
    }
  }));

Deno.test("what a cell puts into web storage goes with its process", () =>
  withData(async (data) => {
    const keep = `localStorage.setItem("post", "a text");
      await (await caches.open("posts")).put("https://post.example/", new Response("a text"));`;
    const look = `console.log(localStorage.getItem("post"));
      console.log(await (await caches.open("posts")).match("https://post.example/"));`;
    await runSources(data, [keep]);
    assert.equal(textOf((await runSources(data, [look]))[0]), "null\nundefined\n");
  }));

async function everything(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    found.push(name, ...isDirectory ? await everything(`${folder}/${name}`) : []);
  }
  return found.sort();
}
