import { blobLink } from "../../../demo/sample/block.ts";
import { accountOf } from "../../../demo/sample/account.ts";
import { drawn, postText } from "./post_text.ts";

type Random = (below: number) => number;

const POST = "app.bsky.feed.post";
/**
 * What posts carry, in per mille: of 101,040 posts of the firehose of December 2025 (see
 * `post_text.ts`) 61% have no embed, 14% images, 1.3% video, 18% a link; quotes are the rest.
 */
const EMBEDS: ["none" | "images" | "video" | "external" | "record" | "recordWithMedia", number][] =
  [
    ["none", 610],
    ["images", 140],
    ["video", 13],
    ["external", 160],
    ["record", 70],
    ["recordWithMedia", 7],
  ];
/** The share of replies among the same posts. */
const REPLIES_PERCENT = 42;
/** Shares of posts with a hashtag and with a link in their text; our guess and 18% of those posts. */
const [TAGS_PERCENT, LINKS_PERCENT] = [10, 18];

/** Make the record of a post. */
export function postRecord(random: Random, createdAt: string): object {
  const { text, lang } = postText(random);
  const embed = embedOf(drawn(EMBEDS, random), random);
  const facets = facetsOf(random);
  return {
    $type: POST,
    text,
    createdAt,
    ...(lang !== undefined && { langs: [lang] }),
    ...(embed && { embed }),
    ...(facets.length > 0 && { facets }),
    ...(random(100) < REPLIES_PERCENT &&
      { reply: { root: reference(random), parent: reference(random) } }),
  };
}

function facetsOf(random: Random): object[] {
  const facet = (feature: object) => ({ index: { byteStart: 0, byteEnd: 8 }, features: [feature] });
  const type = "app.bsky.richtext.facet";
  const facets: object[] = [];
  if (random(100) < TAGS_PERCENT) {
    for (let i = 1 + random(4); i > 0; i--) {
      facets.push(facet({ $type: `${type}#tag`, tag: `tag${random(999)}` }));
    }
  }
  if (random(100) < LINKS_PERCENT) {
    facets.push(facet({ $type: `${type}#link`, uri: `https://example.org/${random(1e6)}` }));
  }
  return facets;
}

function embedOf(kind: typeof EMBEDS[number][0], random: Random): object | undefined {
  const $type = `app.bsky.embed.${kind}`;
  const blob = (mimeType: string) => {
    const bytes = new Uint8Array([random(256), random(256), random(256)]);
    return { $type: "blob", ref: blobLink(bytes), mimeType, size: random(1e6) };
  };
  switch (kind) {
    case "none":
      return undefined;
    case "images": {
      const images = Array.from({ length: 1 + random(3) }, () => ({
        alt: random(2) ? postText(random).text : "",
        image: blob("image/jpeg"),
        aspectRatio: { width: 1200, height: 800 },
      }));
      return { $type, images };
    }
    case "video":
      return { $type, video: blob("video/mp4"), aspectRatio: { width: 1080, height: 1920 } };
    case "external": {
      const uri = `https://example.org/${random(1e9)}`;
      const [title, description] = [postText(random).text, postText(random).text];
      return { $type, external: { uri, title, description, thumb: blob("image/jpeg") } };
    }
    case "record":
      return { $type, record: reference(random) };
    case "recordWithMedia":
      return { $type, record: embedOf("record", random), media: embedOf("images", random) };
  }
}

function reference(random: Random): { uri: string; cid: string } {
  const name = `${random(1e9)}`;
  const uri = `at://${accountOf(`bench${random(500)}`).did}/${POST}/3k${name.padStart(11, "2")}`;
  return { uri, cid: blobLink(new TextEncoder().encode(name)).$link };
}
