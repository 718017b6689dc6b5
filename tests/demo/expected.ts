/**
 * What the demo must find, worked out from `demo/sample.yaml` alone.
 *
 * Nothing of the pipeline is used but the reader of the codebook; the rules are written here a second
 * time, plainly.
 */
import { parse } from "yaml";
import { readDictionary } from "../../classifiers/codebooks/codebook.ts";
import { naiveScore } from "../classifiers/codebooks/naive_score.ts";

interface SourcePost {
  id: string;
  by: string;
  at: string;
  text: string;
  lang?: string;
  created_at?: string;
  reply_to?: string;
  quote?: string;
  link?: { url: string; title?: string; description?: string };
  alt?: string[];
  self_labels?: string[];
  deleted?: string;
  likes?: number;
  sociopolitical: boolean;
  lean?: string;
  tone: string;
}

/** One post as it should stand in `posts` and in the labels of each classifier. */
export interface ExpectedPost {
  id: string;
  author: string;
  text: string;
  day: string;
  flags: {
    language: boolean;
    minimum_length: boolean;
    nsfw: boolean;
    spam: boolean;
    bots: boolean;
  };
  reason: "empty" | "language_not_supported" | null;
  political: boolean | null;
  categories: string[];
  /** Why Perspective gives it no scores; it asks for no text of fewer than 20 characters. */
  unscored: "empty" | "language_not_supported" | "text_too_short" | null;
  /** By column; null where it has none. */
  scores: Record<string, number> | null;
  /** Why a language model is not asked about it; one of pictures alone it is asked about. */
  uncoded: "empty" | "language_not_supported" | null;
  /** What its code is, and what it is shown with; null where it has none. */
  code: { is_sociopolitical: boolean; lean: string | null; context_kinds: string[] } | null;
  /** By column; null where it has none. */
  attributes: Record<string, number> | null;
}

export interface Expected {
  published: number;
  deletions: number;
  posts: ExpectedPost[];
  /** Ids of the feed's posts by the day they were looked at, best first. */
  mostLiked: Record<string, string[]>;
}

/** Texts too short to tell: what the detector takes for another language, and what for English. */
const NOT_ENGLISH_ENOUGH = ["No rain."];
const ENGLISH_ENOUGH = ["this.", "Read it."];
const FEED_LIMIT = 12;
const HOUR_MS = 3_600_000;

const time = (minute: string) => Date.parse(`${minute.replace(" ", "T")}:00Z`);

export async function expectedOfSample(): Promise<Expected> {
  const sample = parse(await Deno.readTextFile("demo/sample.yaml")) as {
    authors: { id: string; removed?: { at: string } }[];
    posts: SourcePost[];
    tones: Record<string, Record<string, number>>;
  };
  const { dictionary } = await readDictionary("classifiers/codebooks/us_politics.yaml");
  const removed = new Map(sample.authors.map((author) => [author.id, author.removed?.at]));
  const goneAt = (post: SourcePost) => {
    const times = [post.deleted, removed.get(post.by)].filter((at) => at !== undefined);
    return Math.min(...times.map(time), Infinity);
  };
  const byId = new Map(sample.posts.map((post) => [post.id, post]));
  const rootOf = ({ reply_to }: SourcePost): string | undefined =>
    reply_to && (rootOf(byId.get(reply_to)!) ?? reply_to);
  const left = sample.posts.filter((post) => goneAt(post) === Infinity);
  const posts = left.map((post) => {
    const english = ENGLISH_ENOUGH.includes(post.text) ||
      (post.lang ?? "en") === "en" && !NOT_ENGLISH_ENOUGH.includes(post.text);
    const reason = post.text.trim() === ""
      ? "empty" as const
      : english
      ? null
      : "language_not_supported" as const;
    const scores = reason === null ? naiveScore(plain(post.text), dictionary) : {};
    const isShort = [...new Intl.Segmenter("en").segment(post.text)].length < 20;
    const unscored = reason ?? (isShort ? "text_too_short" as const : null);
    const context_kinds = contextKinds(post, left, rootOf(post));
    const uncoded = reason === "empty" && context_kinds.length > 0 ? null : reason;
    const score = Object.values(scores).reduce((sum, value) => sum + value, 0);
    return {
      id: post.id,
      author: post.by,
      text: post.text,
      day: dayOf(post),
      flags: {
        language: !english || post.text.trim() === "",
        minimum_length: characters(post.text) < 10,
        nsfw: (post.self_labels ?? []).some((label) =>
          ["porn", "sexual", "nudity", "graphic-media"].includes(label)
        ),
        spam: looksLikeSpam(post) || isCopied(post, left),
        bots: post.by === "tidebot",
      },
      reason,
      political: reason === null ? score > 1 - 1e-9 : null,
      categories: Object.keys(scores),
      unscored,
      scores: unscored === null ? columnsOf("prob", sample.tones[post.tone]!) : null,
      uncoded,
      code: uncoded === null
        ? { is_sociopolitical: post.sociopolitical, lean: post.lean ?? null, context_kinds }
        : null,
      attributes: uncoded === null ? columnsOf("score", sample.tones[post.tone]!) : null,
    };
  });
  const mostLiked: Expected["mostLiked"] = {};
  for (let day = 2; day <= 8; day++) {
    const now = Date.parse(`2026-06-0${day}T00:00:00Z`);
    mostLiked[`2026-06-0${day}`] = sample.posts
      .filter((post) => {
        const at = time(post.at);
        return (post.likes ?? 0) >= 50 && at < now && at >= now - 24 * HOUR_MS &&
          goneAt(post) > now;
      })
      .sort((a, b) => (b.likes ?? 0) - (a.likes ?? 0) || (a.id < b.id ? -1 : 1))
      .slice(0, FEED_LIMIT).map((post) => post.id);
  }
  return {
    published: sample.posts.length,
    deletions: sample.posts.filter((post) => post.deleted).length +
      sample.authors.filter((author) => author.removed).length,
    posts,
    mostLiked,
  };
}

function columnsOf(prefix: string, tone: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(tone).map(([name, score]) => [`${prefix}_${name}`, score]),
  );
}

/** What stands around a post; what it names and is gone stands nowhere. */
function contextKinds(post: SourcePost, left: SourcePost[], root: string | undefined): string[] {
  const byId = new Map(left.map((other) => [other.id, other]));
  const parent = byId.get(post.reply_to ?? "");
  const isShown = (other: SourcePost | undefined) => !!other && other.text.trim() !== "";
  const kinds = {
    reply_root: root !== post.reply_to && isShown(byId.get(root ?? "")),
    reply_parent: isShown(parent),
    quoted_post: isShown(byId.get(post.quote ?? "")),
    link_title: !!post.link?.title,
    link_description: !!post.link?.description,
    link_domain: !!post.link,
    alt_text: post.alt?.some((text) => text !== "") ?? false,
    self_labels: (post.self_labels ?? []).length > 0,
  };
  return Object.entries(kinds).flatMap(([kind, isThere]) => isThere ? [kind] : []);
}

/** The day of `created_at` where it lies from one hour before to ten minutes after `at`. */
function dayOf(post: SourcePost): string {
  const at = time(post.at);
  const written = post.created_at === undefined ? at : Date.parse(post.created_at);
  const fits = written >= at - HOUR_MS && written <= at + HOUR_MS / 6;
  return new Date(fits ? written : at).toISOString().slice(0, 10);
}

/** Characters as people count them, without links, handles and hashtags. */
function characters(text: string): number {
  const own = text.normalize("NFC").split(/\s+/).map((word) =>
    word.replace(/^(\(?)@[\w.-]+/, "$1").replace(/https?:.*/, "").replace(/#[^#\s]+/g, "")
  ).filter((word) => word !== "").join(" ");
  return [...new Intl.Segmenter("en").segment(own)].length;
}

/** Eight hashtags, a shortened link, or a phrase, as `demo/study.yaml` lists them. */
function looksLikeSpam({ text, link }: SourcePost): boolean {
  const tags = text.split(/\s+/).filter((word) => word.startsWith("#"));
  const words = ` ${text.toLowerCase().split(/[^a-z]+/).join(" ")} `;
  return new Set(tags).size >= 8 || /\/\/(bit\.ly|tinyurl\.com)\//.test(`${text} ${link?.url}`) ||
    ["double your coins", "verify your wallet", "claim your coins"]
      .some((phrase) => words.includes(` ${phrase} `));
}

/** Another account wrote the same letters on the same day. */
function isCopied(post: SourcePost, posts: SourcePost[]): boolean {
  const letters = ({ text }: SourcePost) =>
    text.split(/\s+/).filter((word) => !/^(https?:|@|#)/.test(word)).join(" ").toLowerCase()
      .replace(/[^\p{L}]+/gu, " ").trim();
  return letters(post).length >= 30 &&
    posts.some((other) =>
      other.by !== post.by && dayOf(other) === dayOf(post) && letters(other) === letters(post)
    );
}

/** The form that the naive matcher reads: single spaces, straight quotes, tags by themselves. */
function plain(text: string): string {
  return text.normalize("NFC").replace(/[’‘]/g, "'").replace(/\s+/g, " ")
    .replace(/([@#][\w.]*\w)([^\w\s.])/g, "$1 $2").replace(/(\S)(#\w)/g, "$1 $2")
    .replace(/(https:\S*\w)([^\w\s/.?=&-])/g, "$1 $2").trim();
}
