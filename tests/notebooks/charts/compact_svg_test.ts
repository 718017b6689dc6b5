import assert from "node:assert/strict";
import { compactSvg } from "../../../notebooks/charts/chart.ts";

Deno.test("a picture keeps what is seen: shapes to a hundredth, texts as they are, colours in use", () => {
  const svg = `<svg viewBox="0 0 10 20" role="img" aria-label="said > beside it"><style>
:root { --ink: #111; --series-0: #222; --series-1: #333; color: var(--ink); }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #eee; --series-0: #ddd; } }</style>
  <svg class="plot-d6a7b5"><style>:where(.plot-d6a7b5) {
  display: block;
}</style><g aria-label="line" fill="var(--series-0)"><path d="M1.23456,-0.00001L165.79999999999998,7.0h1e-7"
  fill-opacity="0.125" /></g><text x="1.005">1.23456 role="x" &#60;b&#62;: a > b</text></svg></svg>`;
  assert.equal(
    compactSvg(svg),
    `<svg viewBox="0 0 10 20"><style>:root{--ink:#111;--series-0:#222;color:var(--ink);}` +
      `@media screen and (prefers-color-scheme:dark){:root{--ink:#eee;--series-0:#ddd;}}</style>\n` +
      `<svg><g fill="var(--series-0)"><path d="M1.23,0L165.8,7h1e-7"\n` +
      `fill-opacity="0.13" /></g><text x="1">1.23456 role="x" &#60;b&#62;: a > b</text></svg></svg>`,
  );
});
