import type { FoundLabels } from "../labels/found_posts.ts";
import type { ImportReader } from "./import_reader.ts";

/** Say what an import brought. */
export function describeImport(
  summary: {
    rows: number;
    new_posts: number;
    new_counts: number;
    undated_counts: number;
    posts_here_before: number;
    labels: number;
    label_set_id: string | null;
    label_columns: string[];
    found_labels: FoundLabels[];
    scored_posts: number;
    score_label_set_id: string | null;
    score_columns: string[];
    kept_with_the_post: string[];
    missing_texts: number;
    set_aside: Record<string, number>;
  },
  unreadable: ImportReader["unreadable"],
  classifier: string,
  asidePath: string,
): string {
  const aside = Object.entries(summary.set_aside).map(([reason, n]) => `${reason} ${n}`).join(", ");
  const labels = summary.labels > 0
    ? `${summary.labels} (${summary.label_columns.join(", ")}), label set ${summary.label_set_id}`
    : "none";
  const scores = summary.scored_posts > 0
    ? `${summary.scored_posts} posts (${summary.score_columns.join(", ")}), label set ` +
      summary.score_label_set_id
    : "none";
  const cells = unreadable.entries().map(([column, { cells, lines }]) =>
    `${column} ${cells} (line ${lines.join(", ")}${cells > lines.length ? ", ..." : ""})`
  ).toArray();
  return [
    `Imported ${summary.new_posts} posts of ${summary.rows} rows`,
    `  here before: ${summary.posts_here_before}`,
    ...(summary.new_counts > 0
      ? [`  counts of posts that are here, taken again: ${summary.new_counts}`]
      : []),
    ...(summary.undated_counts > 0
      ? [
        `  counts without counted_at: ${summary.undated_counts}; they stand where no counts with a time ` +
        "do, those of the last import first",
      ]
      : []),
    `  labels: ${labels}`,
    `  scores of ${classifier}: ${scores}`,
    ...summary.found_labels.map(({ classifier, labels, found, without_post }) =>
      `  labels of ${classifier} that found their post: ${found} of ${labels}` +
      (without_post > 0 ? `; ${without_post} wait for the next preprocess or their post` : "")
    ),
    ...(summary.kept_with_the_post.length > 0
      ? [`  other columns, kept with what landed: ${summary.kept_with_the_post.join(", ")}`]
      : []),
    ...(summary.missing_texts > 0
      ? [`  posts whose text is missing: ${summary.missing_texts}`]
      : []),
    ...(cells.length > 0 ? [`  cells that cannot be read, left out: ${cells.join("; ")}`] : []),
    ...(summary.set_aside.handle_instead_of_did
      ? ["  a handle is not enough without the network: a link needs the did of its author"]
      : []),
    `  set aside: ${aside ? `${aside} (see ${asidePath})` : "nothing"}`,
    "  next: deno task preprocess",
  ].join("\n");
}
