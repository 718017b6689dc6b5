import { fileURLToPath } from "node:url";

const DICTIONARY = fileURLToPath(new URL("../../data/README.md", import.meta.url));

/**
 * Read what the data dictionary says of the columns of a table, by column; without its links.
 *
 * `heading` is that of the table in `data/README.md`, such as `posts` or `labels/dictionary`. A table
 * that is not described there gives nothing.
 */
export function columnMeanings(heading: string): Record<string, string> {
  const text = Deno.readTextFileSync(DICTIONARY).replaceAll("\r\n", "\n");
  const start = text.indexOf(`\n### \`${heading}\`\n`);
  if (start === -1) return {};
  const section = text.slice(start + 1).split(/\n#{2,3} /)[0]!;
  const rows = section.matchAll(/^\| `([^`]+)` \| [^|]+ \| ?(.*?) ?\|$/gm);
  return Object.fromEntries(
    [...rows].map((
      [, column, meaning],
    ) => [column!, meaning!.replace(/\[([^\]]+)\]\([^)]+\)/g, "$1")]),
  );
}
