/**
 * The invented sample that the demo and the tests run on: reads and checks `sample.yaml`.
 *
 * Everything in the sample is fiction written for this project: authors, posts, labels, scores.
 */
import { parse } from "yaml";
import { z } from "zod";

/**
 * Perspective's attributes that the sample has scores of, as the study names them, without the
 * prefix `prob_`.
 */
export const ATTRIBUTES = [
  "toxic",
  "severe_toxic",
  "identity_attack",
  "insult",
  "profanity",
  "threat",
  "sexually_explicit",
  "flirtation",
  "spam",
  "affinity",
  "compassion",
  "curiosity",
  "nuance",
  "personal_story",
  "reasoning",
  "respect",
  "alienation",
  "fearmongering",
  "generalization",
  "moral_outrage",
  "scapegoating",
] as const;

/** An attribute that the sample has scores of. */
export type Attribute = typeof ATTRIBUTES[number];

const score = z.number().min(0).max(1);
/** Minutes are enough: the generator adds seconds from the post's place in the file. */
const minute = z.string().regex(/^2026-06-0\d \d\d:\d\d$/, "is not written as 2026-06-01 08:05");

const Author = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+$/),
  /** Shown as the handle `<id>.civicsky.test`. */
  about: z.string(),
  /** Language tags the author's client puts on posts; a post may say otherwise. */
  langs: z.array(z.string()).default(["en"]),
  /** When the account was removed, and how; its posts must leave every store. */
  removed: z.strictObject({ at: minute, status: z.enum(["deleted", "takendown", "suspended"]) })
    .optional(),
});

const Post = z.strictObject({
  id: z.string().regex(/^p\d{3}$/),
  by: z.string(),
  /** When the relay emitted it, UTC. */
  at: minute,
  text: z.string(),
  /** The language the text is really in (ISO 639-1), `und` where there is none to detect. */
  lang: z.string().default("en"),
  /** Language tags of the post, if they differ from the author's usual ones. */
  langs: z.array(z.string()).optional(),
  /** `createdAt` as written, where it differs from `at`. Anything at all, as in real life. */
  created_at: z.string().optional(),
  reply_to: z.string().optional(),
  quote: z.string().optional(),
  link: z.strictObject({ url: z.url(), title: z.string(), description: z.string() }).optional(),
  /** One alt text an image. */
  alt: z.array(z.string()).optional(),
  self_labels: z.array(z.string()).optional(),
  deleted: minute.optional(),
  likes: z.int().min(0).default(0),
  reposts: z.int().min(0).default(0),
  replies: z.int().min(0).default(0),
  quotes: z.int().min(0).default(0),
  /** The invented true answer to: is it about politics or social issues? */
  sociopolitical: z.boolean(),
  lean: z.enum(["left", "right", "moderate", "unclear"]).optional(),
  /** Which of `tones` the 21 invented scores come from. */
  tone: z.string(),
});

const Sample = z.strictObject({
  tones: z.record(z.string(), z.record(z.enum(ATTRIBUTES), score)),
  authors: z.array(Author),
  posts: z.array(Post),
});

/** The sample's source file. */
export type Sample = z.infer<typeof Sample>;
/** A post of the sample's source file. */
export type SamplePost = z.infer<typeof Post>;
/** An author of the sample's source file. */
export type SampleAuthor = z.infer<typeof Author>;

/** The UTC days of the sample. */
export const SAMPLE_DAYS = [1, 2, 3, 4, 5, 6, 7].map((day) => `2026-06-0${day}`);

/**
 * Read the sample and check that it holds together.
 *
 * Throws where an id occurs twice, a reference leads nowhere or forward in time, or posts are not
 * in the order of `at`.
 */
export function readSample(
  path: URL | string = new URL("../sample.yaml", import.meta.url),
): Sample {
  const sample = Sample.parse(parse(Deno.readTextFileSync(path)));
  const authors = new Set(sample.authors.map((author) => author.id));
  if (authors.size !== sample.authors.length) throw new Error("two authors share an id");
  const seen = new Set<string>();
  let last = "";
  for (const post of sample.posts) {
    const wrong = (what: string) => new Error(`post ${post.id}: ${what}`);
    if (seen.has(post.id)) throw wrong("the id occurs twice");
    if (!authors.has(post.by)) throw wrong(`no author ${post.by}`);
    if (!(post.tone in sample.tones)) throw wrong(`no tone ${post.tone}`);
    for (const other of [post.reply_to, post.quote]) {
      if (other !== undefined && !seen.has(other)) throw wrong(`${other} is not an earlier post`);
    }
    if (post.at < last) throw wrong("is earlier than the post before it");
    if (post.deleted && post.deleted <= post.at) throw wrong("is deleted before it is written");
    if (post.lean && !post.sociopolitical) throw wrong("has a lean but is not sociopolitical");
    seen.add(post.id);
    last = post.at;
  }
  return sample;
}
