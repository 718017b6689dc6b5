/** Give the lines of a Markdown table, the first row its head. */
export function markdownTable([head, ...body]: string[][]): string[] {
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replace(/\|/g, "\\|").replace(/\s+/g, " ")).join(" | ")} |`;
  return [line(head!), line(head!.map(() => "---")), ...body.map(line)];
}
