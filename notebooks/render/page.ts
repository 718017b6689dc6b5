import { marked } from "marked";
import { escape } from "../charts/html.ts";
import type { CellOutput, Notebook } from "./notebook.ts";

/** What stands around the cells on a page. */
export interface PageFrame {
  /** Used where the notebook has no heading. */
  name: string;
  study: string;
  /** Shown on top, such as “demo data”. */
  notice: string | undefined;
  /** Each is a line of the footer. */
  footer: string[];
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const STYLE = `
:root { color-scheme: light dark; --ink: #1c1e21; --muted: #5c6067; --paper: #ffffff;
  --rule: #d9dce0; --shade: #f3f4f6; --notice: #fff3cd; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6e7e9; --muted: #a4a9b0; --paper: #15171a; --rule: #3a3e44; --shade: #1f2226;
    --notice: #4a3b00; }
}
@media print {
  :root { color-scheme: light; }
  details { display: none; }
  h1, h2, h3 { break-after: avoid; }
  tr { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 16px; max-width: 752px; color: var(--ink);
  background: var(--paper); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1, h2, h3 { line-height: 1.25; margin: 1.6em 0 0.4em; }
h1 { margin-top: 0.4em; }
a { color: inherit; }
.notice { background: var(--notice); border: 1px solid var(--rule); border-radius: 4px;
  padding: 8px 12px; font-weight: 600; }
.study { color: var(--muted); margin: 12px 0 0; }
.output { overflow-x: auto; margin: 12px 0; break-inside: avoid; }
@media (max-width: 600px) { .tip { display: none; } }
img { display: block; max-width: 100%; height: auto; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--rule); text-align: left;
  vertical-align: top; }
th { color: var(--muted); font-weight: 600; }
details { margin: 8px 0; color: var(--muted); font-size: 14px; }
summary { cursor: pointer; }
pre { background: var(--shade); padding: 8px 12px; border-radius: 4px; overflow-x: auto;
  font-size: 13px; line-height: 1.4; color: var(--ink); }
footer { margin-top: 32px; padding-top: 8px; border-top: 1px solid var(--rule);
  color: var(--muted); font-size: 14px; }
footer p { margin: 2px 0; }`;

/** Write a notebook and what its cells put out as one HTML file that needs nothing else. */
export function page(notebook: Notebook, outputs: CellOutput[][], frame: PageFrame): string {
  const cells = notebook.cells.map((cell, index) => {
    if (cell.cell_type === "markdown") return markdown(cell.source);
    if (cell.cell_type === "raw") return "";
    const code = `<details><summary>Code</summary><pre><code>${escape(cell.source)}</code></pre>` +
      "</details>";
    return [...(outputs[index] ?? []).map(outputHtml), code].join("\n");
  });
  const heading = notebook.cells.map(({ source }) => /^# +(.+)$/m.exec(source)?.[1])
    .find((text) => text !== undefined) ?? frame.name;
  const notice = frame.notice === undefined
    ? ""
    : `<div class="notice" role="note">${escape(frame.notice)}</div>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(`${heading} – ${frame.study}`)}</title>
<style>${STYLE}</style>
</head>
<body>
${notice}<p class="study">${escape(frame.study)}</p>
<main>
${cells.join("\n")}
</main>
<footer>
${frame.footer.map((line) => `<p>${escape(line)}</p>`).join("\n")}
</footer>
</body>
</html>
`;
}

function outputHtml(output: CellOutput): string {
  return `<div class="output">${contentHtml(output)}</div>`;
}

function contentHtml(output: CellOutput): string {
  if ("stream" in output) return `<pre>${escape(output.text)}</pre>`;
  const { display } = output;
  if (display["text/html"] !== undefined) return display["text/html"];
  if (display["text/markdown"] !== undefined) return markdown(display["text/markdown"]);
  return `<pre>${escape(display["text/plain"] ?? "")}</pre>`;
}

function markdown(text: string): string {
  return marked.parse(text, { async: false });
}
