import { UserError } from "../run/error.ts";
import type { Quarantine } from "../store/quarantine.ts";
import type { ImportReader } from "./import_reader.ts";

/** Give an error for an imported file that has no rows, or lines, or none that was not set aside. */
export function nothingLanded(
  path: string,
  quarantine: Quarantine,
  read: number,
  aside: string,
  what = "rows",
): UserError[] {
  if (read === 0) {
    return [
      new UserError(`import ${path}`, `it has no ${what}`, "See whether it was written whole"),
    ];
  }
  if (quarantine.total < read) return [];
  const reasons = Object.keys(quarantine.counts).join(", ");
  return [
    new UserError(
      `import ${path}`,
      `none of its ${read} ${what} can be used (${reasons})`,
      `See ${aside} for the ${what}, and deno task import --help for what is understood`,
    ),
  ];
}

/** Give an error for a file with columns of labels that brings none, or none to a post that is here. */
export function noLabels(
  path: string,
  variables: string[],
  { labels, scores, newCounts, withoutPost, labelledBefore, columns }: ImportReader,
  landedPosts: number,
): UserError[] {
  if (landedPosts > 0) return [];
  if (withoutPost > 0 && labelledBefore.size === 0) {
    return [
      new UserError(
        `import ${path}`,
        `none of its ${withoutPost} labelled rows names a post that is here`,
        "Bring the posts in, then run deno task preprocess: the labels wait for them",
      ),
    ];
  }
  const isOfPosts = columns.created_at.length > 0 && columns.text.length > 0;
  if (isOfPosts || variables.length === 0 || labels.size + scores.size + newCounts > 0) return [];
  return [
    new UserError(
      `import ${path}`,
      `no row has a label that can be used (${variables.join(", ")})`,
      "Name the columns of labels with --labels where they are others",
    ),
  ];
}
