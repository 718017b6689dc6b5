import assert from "node:assert/strict";
import { table } from "arquero";
import { parseHTML } from "linkedom";
import { Chart } from "../../notebooks/charts/chart.ts";
import { md } from "../../notebooks/charts/note.ts";
import { tableHtml, tableText } from "../../notebooks/charts/table_view.ts";
import { page } from "../../notebooks/render/page.ts";
import { type CellOutput, withOutputs } from "../../notebooks/render/notebook.ts";
import { notebookOf } from "./cells.ts";
import "../common_environment.ts";

const HOSTILE = [
  "</script><script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  `" onload="alert(1)" x='`,
  "]]> --> </pre></td></table></code></details><style>*{}</style>",
  "{{ constructor.constructor('alert(1)')() }} ${1} &lt;b&gt; &amp;",
  "[link](javascript:alert(1)) ![x](https://example.com/x.png) **bold** `code` # h1",
  "https://example.com <https://example.com> | a | b |",
  "bell \u0007 null \u0000 lone \ud800 rtl \u202e end",
];

Deno.test("a hostile text stands in tables, notes, charts and prints as text alone", () => {
  const ofTable = tableHtml(table({ text: HOSTILE, words: HOSTILE.map((text) => [text]) }));
  const chart = new Chart({
    title: HOSTILE[0]!,
    subtitle: HOSTILE[1]!,
    caption: HOSTILE[3]!,
    alt: HOSTILE.join(" "),
    panels: () => [{ svg: "<svg></svg>", height: 10, label: HOSTILE[2]! }],
  });
  const outputs: CellOutput[] = [
    { display: { "text/html": ofTable, "text/plain": "" } },
    { display: { "text/html": chart.html(), "text/plain": chart.alt } },
    ...HOSTILE.flatMap((text): CellOutput[] => [
      { display: { "text/markdown": md`A note: ${text}`.markdown, "text/plain": text } },
      { display: { "text/plain": text } },
      { stream: "stdout", text },
      { stream: "stderr", text },
    ]),
  ];
  const notebook = notebookOf("# Title", `const hostile = ${JSON.stringify(HOSTILE)};`);
  const html = page(notebook, [[], outputs], {
    name: "01-test",
    study: HOSTILE[1]!,
    notice: HOSTILE[0]!,
    footer: HOSTILE,
  });
  for (const text of [html, chart.wide, chart.narrow]) {
    const { document } = parseHTML(text) as unknown as { document: Queried };
    assert.equal(document.querySelectorAll("script, a, b, strong, em, iframe").length, 0);
    for (const element of document.querySelectorAll("*")) {
      for (const name of element.getAttributeNames()) {
        assert.doesNotMatch(name, /^on/i);
        assert.ok(!/^(src|href)$/.test(name) || element.getAttribute(name)!.startsWith("data:"));
      }
    }
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(text, /[\0-\x08]/);
    assert.ok(text.isWellFormed());
  }
  const { document } = parseHTML(html) as unknown as { document: Queried };
  assert.equal(document.querySelectorAll("style").length, 1);
  assert.equal(document.querySelectorAll("img").length, 1);
  const cells = [...document.querySelectorAll("td")].map(({ textContent }) => textContent);
  assert.equal(cells[0], HOSTILE[0]);
  assert.equal(cells[8], HOSTILE[4]);
  assert.ok(document.querySelectorAll("main")[0]!.textContent.includes(`A note: ${HOSTILE[5]}`));

  const file = withOutputs(notebook, [[], outputs]);
  const parsed = JSON.parse(file).cells[1].outputs;
  assert.equal(parsed.length, outputs.length);
  assert.equal(parsed[0].data["text/html"].join(""), ofTable);
  assert.deepEqual(parsed[4].text, [HOSTILE[0]]);
});

Deno.test("a table shows fifty rows, short values, and numbers, dates, lists and maps as people write", () => {
  const long = "x".repeat(1_000);
  const shown = table({
    n: [1_234_567, null],
    big: [9_007_199_254_740_993n, 1n],
    day: [new Date("2026-06-01"), new Date("2026-06-01T10:30:00Z")],
    words: [["a", "b"], []],
    scores: [new Map([["economy", 1.5]]), null],
    text: [long, "two\nlines"],
  });
  const rows = tableText(shown).split("\n");
  assert.match(
    rows[1]!,
    /^1,234,567 +9,007,199,254,740,993 +2026-06-01 +a, b +economy: 1.5 +x{200}…$/,
  );
  assert.match(rows[2]!, /^ +1 +2026-06-01 10:30 +two lines$/);
  const many = table({ n: Array.from({ length: 1_060 }, (_, index) => index) });
  assert.equal(tableHtml(many).split("<tr>").length - 1, 51);
  assert.match(tableHtml(many), /… and 1,010 more rows/);
});

interface Element {
  textContent: string;
  getAttributeNames(): string[];
  getAttribute(name: string): string | null;
}
interface Queried {
  querySelectorAll(
    selector: string,
  ): Iterable<Element> & { length: number; [index: number]: Element };
}
