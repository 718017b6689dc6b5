/** Reads the Markdown files of this repository: their fenced blocks, headings and links. */
import { dirname, join, normalize } from "node:path";
import { ROOT } from "../task.ts";

/** A fenced block, without the indentation of the list that it stands in. */
export interface Block {
  language: string;
  text: string;
  /** Of its first fence, from 1. */
  line: number;
  /** The HTML comment before it, such as `needs: network`. */
  mark: string | undefined;
}

/** A Markdown file by its path from the root. */
export interface Document {
  path: string;
  text: string;
  blocks: Block[];
  /** Of its headings, as GitHub makes them. */
  anchors: Set<string>;
}

/** The files that users and contributors read, in the order in which their commands run. */
export const DOCUMENTS: Document[] = [
  "README.md",
  "docs/tutorial.md",
  ...names("docs").filter((path) => path !== "docs/tutorial.md"),
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "data/README.md",
  "tests/fixtures/README.md",
].map((path) => read(path));

function names(folder: string): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].map(({ name }) => `${folder}/${name}`)
    .filter((path) => path.endsWith(".md")).sort();
}

export function read(path: string): Document {
  const text = Deno.readTextFileSync(join(ROOT, path));
  return { path, text, blocks: blocksOf(text), anchors: anchorsOf(withoutBlocks(text)) };
}

function blocksOf(text: string): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [, indent, language] = /^( *)```(\w+)\s*$/.exec(lines[at]!) ?? [];
    if (language === undefined) continue;
    const end = lines.findIndex((line, index) => index > at && line.trim() === "```");
    const before = lines.slice(0, at).findLast((line) => line.trim() !== "")?.trim() ?? "";
    blocks.push({
      language,
      text: lines.slice(at + 1, end).map((line) => line.slice(indent!.length)).join("\n"),
      line: at + 1,
      mark: /^<!-- (.+) -->$/.exec(before)?.[1],
    });
    at = end;
  }
  return blocks;
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^( *)```.*?^\1```\s*$/gms, "");
}

function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "").replaceAll(" ", "-");
    let anchor = plain;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${plain}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** A link or picture within the repository. */
export interface Link {
  /** The path of the file that it leads to, from the root. */
  path: string;
  anchor: string | undefined;
  /** The alternative text of a picture; undefined for a link. */
  alt: string | undefined;
}

/** Give the links and pictures of a document that lead to files of this repository. */
export function linksOf({ path, text }: Document): Link[] {
  const prose = withoutBlocks(text).replaceAll(/`[^`\n]*`/g, "``");
  return [...prose.matchAll(/(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g)]
    .filter(([, , , target]) => !/^\w+:/.test(target!))
    .map(([, picture, label, target]) => {
      const [file, anchor] = target!.split("#");
      const found = file === "" ? path : normalize(join(dirname(path), file!));
      return { path: found, anchor, alt: picture ? label : undefined };
    });
}

/** Give a command of a `sh` or `console` block a line; comments, and what was printed, are left out. */
export function commandsOf({ language, text }: Block): string[] {
  if (!["sh", "bash", "console"].includes(language)) return [];
  const lines = text.replaceAll(/\\\n\s*/g, "").split("\n");
  const typed = language === "console"
    ? lines.flatMap((line) => /^\$ (.*)/.exec(line)?.[1] ?? [])
    : lines;
  return typed.map((line) => line.replace(/(^|\s+)#.*$/, "").trim()).filter((line) => line !== "");
}
