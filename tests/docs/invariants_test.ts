/** Keeps docs/invariants.md and the comments of the tests that hold an invariant the same. */
import assert from "node:assert/strict";
import { join, normalize } from "node:path";
import { ROOT } from "../task.ts";

const PAGE = Deno.readTextFileSync(join(ROOT, "docs/invariants.md"));

/** Give the files of a folder of tests, with those of its folders. */
function files(folder: string): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].flatMap(({ name, isDirectory }) =>
    isDirectory ? files(`${folder}/${name}`) : name.endsWith(".ts") ? [`${folder}/${name}`] : []
  );
}

Deno.test("each invariant names all tests that say that they hold it, and no other", () => {
  const marked = new Map<string, Set<string>>();
  for (const path of files("tests")) {
    const text = Deno.readTextFileSync(join(ROOT, path));
    for (const [, numbers] of text.matchAll(/^ *\/\/ Invariants? (\d.*)$/gm)) {
      for (const number of numbers!.match(/\d+/g)!) {
        marked.set(number, (marked.get(number) ?? new Set()).add(path));
      }
    }
  }
  const named = PAGE.split(/^## (?=\d+\. )/m).slice(1).map((section) => {
    const held = /^Held by:[^]*?(?=\n\n)/m.exec(section)![0];
    const links = [...held.matchAll(/\]\((.+?)\)/g)].map(([, link]) =>
      normalize(join("docs", link!))
    );
    return [/^\d+/.exec(section)![0], new Set(links)] as const;
  });
  assert.equal(named.length, 14);
  for (const [number, links] of named) {
    assert.deepEqual(
      [...links].toSorted(),
      [...marked.get(number)!].toSorted(),
      `invariant ${number}`,
    );
  }
  assert.deepEqual([...marked.keys()].filter((number) => Number(number) > named.length), []);
});
