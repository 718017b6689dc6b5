/**
 * Makes the pictures of the documents out of the pages that the demo wrote.
 *
 * `deno task demo && deno run --allow-read --allow-write --allow-run demo/pictures.ts`
 */
import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);
const SHARES = "02-political-content";
const WIDTH = 780;
const [BAR, MARGIN] = [38, 30];

/** Give a page that the demo wrote. */
async function page(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(`data/demo/reports/${name}.html`, ROOT));
}

/** Give the chart of a page whose title begins with some words. */
function chart(html: string, title: string): string {
  const charts = html.matchAll(/<img[^>]*src="data:image\/svg\+xml;base64,([^"]+)"/g);
  const found = [...charts].map(([, base64]) =>
    new TextDecoder().decode(Uint8Array.fromBase64(base64!))
  ).find((svg) => svg.includes(`>${title}`));
  if (found === undefined) throw new Error(`no chart of the page is titled "${title}…"`);
  return found;
}

/** Draw the head of a page and its first chart as a browser shows them. */
function window(html: string, path: string, title: string): string {
  const texts = ['class="notice"[^>]*', 'class="study"', ""].map((which, index) =>
    new RegExp(index < 2 ? `<\\w+ ${which}>([^<]+)<` : "<h1>([^<]+)<").exec(html)![1]!
  );
  const [notice, study, heading] = texts;
  const svg = chart(html, title);
  const height = Number(/ height="([\d.]+)"/.exec(svg)![1]);
  const top = BAR + 140;
  const all = top + height + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${all}" width="${WIDTH}" height="${all}">
<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${
    all - 1
  }" rx="9" fill="var(--paper)" stroke="#8a8f98"/>
<path d="M1,${BAR}V10q0,-9 9,-9h${WIDTH - 20}q9,0 9,9V${BAR}z" fill="#8a8f98" fill-opacity="0.18"/>
<g fill="#8a8f98"><circle cx="22" cy="19" r="6"/><circle cx="42" cy="19" r="6"/><circle cx="62" cy="19" r="6"/></g>
<rect x="88" y="8" width="${WIDTH - 112}" height="22" rx="11" fill="var(--paper)"/>
<text x="104" y="23.5" font-size="12" fill="var(--muted)">${path}</text>
<rect x="${MARGIN}" y="${BAR + 18}" width="${
    WIDTH - 2 * MARGIN
  }" height="32" rx="4" fill="#e0a100" fill-opacity="0.15" stroke="#8a8f98" stroke-opacity="0.5"/>
<text x="${MARGIN + 12}" y="${BAR + 39}" font-size="13">${notice}</text>
<text x="${MARGIN}" y="${BAR + 78}" font-size="13" fill="var(--muted)">${study}</text>
<text x="${MARGIN}" y="${BAR + 114}" font-size="27" font-weight="600">${heading}</text>
${svg.replace("<svg ", `<svg x="${MARGIN}" y="${top}" `)}
</svg>
`;
}

async function render(...args: string[]): Promise<void> {
  const data = ["--data", "data/demo", "--study", "demo/study.yaml"];
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "render", SHARES, ...data, ...args],
    cwd: fileURLToPath(ROOT),
    stdout: "null",
  }).output();
  if (!success) throw new Error("render failed");
}

const overview = await page("01-overview");
const pictures: Record<string, string> = {
  "share-political.svg": chart(await page(SHARES), "Political posts per day"),
  "pictures/page.svg": window(
    overview,
    "file:///…/data/demo/reports/01-overview.html",
    "Posts per day",
  ),
};
await render("--set", "source=most_liked");
pictures["pictures/share-of-the-feed.svg"] = chart(await page(SHARES), "Political posts per day");
await render();
await Deno.mkdir(new URL("docs/pictures", ROOT), { recursive: true });
for (const [name, svg] of Object.entries(pictures)) {
  await Deno.writeTextFile(new URL(`docs/${name}`, ROOT), svg);
}
