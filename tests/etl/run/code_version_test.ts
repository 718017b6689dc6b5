import assert from "node:assert/strict";
import { codeVersion } from "../../../etl/command/ledger.ts";

const [BRANCH, PACKED, DETACHED] = ["a", "b", "c"].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
];

Deno.test("the commit is read from a checkout, a worktree, packed refs and a detached head", async () => {
  const root = await Deno.makeTempDir();
  try {
    assert.equal(codeVersion(root), undefined);
    await Deno.mkdir(`${root}/.git/refs/heads`, { recursive: true });
    const head = (text: string) => Deno.writeTextFile(`${root}/.git/HEAD`, text);
    await head("ref: refs/heads/main\n");
    assert.equal(codeVersion(root), undefined, "a branch without a commit");
    await Deno.writeTextFile(`${root}/.git/packed-refs`, `# pack\n${PACKED} refs/heads/main\n`);
    assert.equal(codeVersion(root), PACKED);
    await Deno.writeTextFile(`${root}/.git/refs/heads/main`, `${BRANCH}\n`);
    assert.equal(codeVersion(root), BRANCH);
    await head(`${DETACHED}\n`);
    assert.equal(codeVersion(root), DETACHED);
    await Deno.mkdir(`${root}/.git/worktrees/other`, { recursive: true });
    await Deno.writeTextFile(`${root}/.git/worktrees/other/HEAD`, "ref: refs/heads/main\n");
    await Deno.writeTextFile(`${root}/.git/worktrees/other/commondir`, "../..\n");
    await Deno.mkdir(`${root}/other`);
    await Deno.writeTextFile(`${root}/other/.git`, `gitdir: ${root}/.git/worktrees/other\n`);
    assert.equal(codeVersion(`${root}/other`), BRANCH);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
