/** One post of each kind that people write, as a real PDS publishes it. */
import { RichText } from "@atproto/api";
import type { Author, Published } from "./author.ts";

/** A post, and the columns of its raw row that say something; the others are null or empty. */
export interface Kind extends Published {
  kind: string;
  columns: Record<string, unknown>;
}

/** A red dot of one pixel. */
const PNG = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
);

/** Publish the posts; `ada` writes most of them, `ben` is mentioned, replied to and quoted. */
export async function publishKinds(ada: Author, ben: Author): Promise<Kind[]> {
  const kinds: Kind[] = [];
  const publish = async (
    kind: string,
    author: Author,
    record: Record<string, unknown>,
    columns: Record<string, unknown> = {},
  ) => {
    const published = await author.post(record);
    const own = { text: published.record.text, langs: published.record.langs };
    kinds.push({ kind, ...published, columns: { ...own, ...columns } });
    return published;
  };
  const ref = ({ uri, cid }: Published) => ({ uri, cid });

  const plain = await publish("plain text", ben, { text: "The council votes on rents tonight." });

  const rich = new RichText({
    text:
      `Ürban rents 🏡 rise: @${ben.handle} counts them https://example.org/rents?a=1 #Rents #wohnen`,
  });
  await rich.detectFacets(ada.agent);
  await publish("facets", ada, { text: rich.text, facets: rich.facets }, {
    hashtags: ["Rents", "wohnen"],
    links: ["https://example.org/rents?a=1"],
  });

  const reply = await publish("reply", ada, {
    text: "They vote at eight.",
    reply: { root: ref(plain), parent: ref(plain) },
  }, { reply_root_uri: plain.uri, reply_parent_uri: plain.uri });
  await publish("reply to a reply", ben, {
    text: "At nine, the mayor says.",
    reply: { root: ref(plain), parent: ref(reply) },
  }, { reply_root_uri: plain.uri, reply_parent_uri: reply.uri });

  await publish("quote", ada, {
    text: "Worth reading:",
    embed: { $type: "app.bsky.embed.record", record: ref(plain) },
  }, { embed_kind: "record", quoted_uri: plain.uri });

  const image = await ada.image(PNG);
  const images = [
    { image, alt: "A queue before the town hall, at night" },
    { image, alt: "" },
    { image, alt: "Ein Plakat: «Mieten runter» 🏠", aspectRatio: { width: 1, height: 1 } },
  ];
  const alts = [images[0]!.alt, images[2]!.alt];
  await publish("images", ada, {
    text: "Tonight.",
    embed: { $type: "app.bsky.embed.images", images },
  }, { embed_kind: "images", image_alts: alts });
  await publish("empty text", ada, {
    text: "",
    embed: { $type: "app.bsky.embed.images", images },
  }, { embed_kind: "images", image_alts: alts });

  const external = {
    uri: "https://example.org/vote",
    title: "Council votes on rents",
    description: "What is planned, and who is against it",
    thumb: image,
  };
  const card = {
    external_url: external.uri,
    external_title: external.title,
    external_description: external.description,
  };
  const link = { $type: "app.bsky.embed.external", external };
  await publish("link card", ada, { text: "The plan:", embed: link }, {
    embed_kind: "external",
    ...card,
  });
  await publish("quote with a link card", ada, {
    text: "Both sides:",
    embed: {
      $type: "app.bsky.embed.recordWithMedia",
      record: { $type: "app.bsky.embed.record", record: ref(plain) },
      media: link,
    },
  }, { embed_kind: "recordWithMedia", quoted_uri: plain.uri, ...card });

  await publish("emoji", ben, { text: "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪 ❤️‍🔥 1️⃣" });
  await publish("other scripts", ben, {
    text: "投票は今夜です。 הצבעה הערב\nالتصويت الليلة\u200f",
    langs: ["ja", "he", "ar"],
  });
  await publish("written in 1985", ben, {
    text: "A post that an archive brings in under its first date.",
    createdAt: "1985-10-26T01:21:00.000Z",
  });
  await publish("written in the future", ben, {
    text: "A post whose clock runs years ahead of ours.",
    createdAt: "2099-01-01T00:00:00+02:00",
  });
  await publish("self-label, tags and no language", ben, {
    text: "Not for everyone, and in no declared language.",
    langs: undefined,
    tags: ["late"],
    labels: { $type: "com.atproto.label.defs#selfLabels", values: [{ val: "nudity" }] },
  }, { langs: [], hashtags: ["late"], self_labels: ["nudity"] });
  await publish("300 characters", ben, { text: "Rents 🏠 ".repeat(37) + "end." });
  await publish("a field that no lexicon has", ben, {
    text: "Bridged from elsewhere.",
    bridgyOriginalText: "<p>Bridged from elsewhere.</p>",
    parts: [{ nested: { deeper: [1, true, null] } }],
  });
  return kinds;
}
