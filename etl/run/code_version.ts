import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Give the commit of the code that runs, undefined where it did not come from git.
 *
 * What was changed since that commit it does not tell.
 */
export function codeVersion(root = ROOT): string | undefined {
  const git = folderOf(root);
  const head = git && read(join(git, "HEAD"));
  const ref = /^ref: (.+)$/.exec(head ?? "")?.[1];
  if (git === undefined || ref === undefined) return commit(head);
  // A second worktree keeps its branches with the first.
  const common = join(git, read(join(git, "commondir")) ?? ".");
  const packed = read(join(common, "packed-refs"))?.split("\n")
    .find((line) => line.endsWith(` ${ref}`));
  return commit(read(join(common, ref)) ?? packed?.split(" ")[0]);
}

function folderOf(root: string): string | undefined {
  const path = join(root, ".git");
  const pointer = read(path);
  if (pointer !== undefined) return /^gitdir: (.+)$/.exec(pointer)?.[1];
  return read(join(path, "HEAD")) === undefined ? undefined : path;
}

function commit(text: string | undefined): string | undefined {
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.exec(text ?? "")?.[0];
}

/** Give the text of a file, undefined where there is none or it may not be read. */
function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return undefined;
  }
}
