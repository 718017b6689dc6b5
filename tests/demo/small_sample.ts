/** A sample of a few posts that has each kind of reference, embed and removal once. */
import { ATTRIBUTES, type Sample } from "../../demo/sample/sample.ts";

type Post = Sample["posts"][number];

/** Make a small sample; every call gives a new one. */
export function smallSample(): Sample {
  return {
    tones: { plain },
    authors: [
      { id: "ada", about: "writes", langs: ["en"] },
      { id: "bo", about: "answers", langs: ["de", "en"] },
      { id: "gone", about: "leaves", langs: [], removed: removed("2026-06-02 12:00") },
    ],
    posts: [
      post("p001", "ada", "2026-06-01 08:05", { text: "Good morning" }),
      post("p002", "ada", "2026-06-01 08:05", { text: "Ürban 🏡 #housing", likes: 80 }),
      post("p003", "bo", "2026-06-01 09:00", {
        text: "@ada.civicsky.test see https://example.org/a and @nobody.test",
        reply_to: "p002",
      }),
      post("p004", "ada", "2026-06-01 09:10", { reply_to: "p003", created_at: "yesterday" }),
      post("p005", "gone", "2026-06-01 10:00", {
        quote: "p002",
        alt: ["a house", ""],
        self_labels: ["graphic-media"],
        likes: 300,
      }),
      post("p006", "bo", "2026-06-01 11:00", { link, langs: [], likes: 120 }),
      post("p007", "bo", "2026-06-01 12:00", {
        quote: "p001",
        likes: 50,
        deleted: "2026-06-01 18:30",
      }),
      post("p008", "gone", "2026-06-01 13:00", { likes: 49, deleted: "2026-06-03 10:00" }),
      post("p009", "bo", "2026-06-02 07:00", { alt: ["a street"], likes: 51 }),
    ],
  };
}

const plain = Object.fromEntries(ATTRIBUTES.map((name) => [name, 0.1])) as Sample["tones"][string];
const link = { url: "https://example.org/rent", title: "Rent", description: "It rises" };

function removed(at: string): { at: string; status: "takendown" } {
  return { at, status: "takendown" };
}

function post(id: string, by: string, at: string, more: Partial<Post>): Post {
  const counts = { likes: 0, reposts: 1, replies: 2, quotes: 3 };
  const rest = { text: `text of ${id}`, lang: "en", sociopolitical: false, tone: "plain" };
  return { id, by, at, ...counts, ...rest, ...more };
}
