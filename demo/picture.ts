/**
 * Makes the README's picture: the chart of the share political, out of the page that the demo wrote.
 *
 * `deno task demo && deno run --allow-read --allow-write demo/picture.ts`
 */
const TITLE = "Political posts per day";
const PAGE = new URL("../data/demo/reports/02-political-content.html", import.meta.url);
const PICTURE = new URL("../docs/share-political.svg", import.meta.url);

const page = await Deno.readTextFile(PAGE);
const charts = page.matchAll(/<img[^>]*src="data:image\/svg\+xml;base64,([^"]+)"/g);
const pictures = [...charts].map(([, base64]) =>
  new TextDecoder().decode(Uint8Array.fromBase64(base64!))
);
const picture = pictures.find((svg) => svg.includes(`>${TITLE}`));
if (picture === undefined) throw new Error(`no chart of the page is titled «${TITLE}…»`);
await Deno.writeTextFile(PICTURE, picture);
