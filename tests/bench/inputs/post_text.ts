/** Texts as long, and in as many languages, as posts of the network are; none was written by anyone. */

/**
 * Languages that posts claim, in per mille; absent for none claimed.
 *
 * The first five are the shares in 101,040 posts of the firehose of December 2025
 * (github.com/lukeslp/bsky-firehose-anonymized-dec-2025, CC BY 4.0); how the remaining 9.3% divide
 * is our guess.
 */
const SHARES: [string | undefined, number][] = [
  ["en", 608],
  ["ja", 125],
  [undefined, 114],
  ["en-US", 36],
  ["ko", 24],
  ["pt", 30],
  ["de", 28],
  ["es", 20],
  ["fr", 15],
];
/**
 * Length in characters: the same posts have a median of 68 and a long tail to the right. A log-normal
 * distribution with a spread of 1 fits both; clients allow 300.
 */
const LENGTH = { median: 68, spread: 1, most: 300 };

const WORDS: Record<string, string[]> = {
  en: words(
    "the a rent council morning coffee people vote honestly weekend dog game new think really",
  ),
  ja: words(
    "おはよう 今日は とても いい 天気 です ね 写真 を 撮りました 仕事 眠い ありがとう ラーメン",
  ),
  ko: words("오늘 정말 좋은 아침 이에요 커피 한잔 사진 생각 고양이 진짜 너무 합니다 내일"),
  pt: words("bom dia gente hoje não você coração eleição amanhã muito café cidade música saudade"),
  de: words(
    "guten Morgen heute wirklich schön Wähler Straße für über Wochenende Kaffee Hündin Größe",
  ),
  es: words(
    "buenos días mañana elección niño corazón música también ciudad hoy gracias café español",
  ),
  fr: words("bonjour à tous élection été café aujourd'hui très déjà forêt garçon où être mangé"),
};
const EMOJI = ["😀", "🏡", "❤️", "👩‍🚀", "🇫🇷", "✨"];

/** Make a text and the language that its author's client claims. */
export function postText(random: (below: number) => number): { text: string; lang?: string } {
  const lang = drawn(SHARES, random);
  const vocabulary = WORDS[lang?.slice(0, 2) ?? "en"]!;
  const length = drawnLength(random);
  const space = lang === "ja" ? "" : " ";
  let text = "";
  while (text.length < length) text += vocabulary[random(vocabulary.length)] + space;
  text = text.slice(0, length).trimEnd();
  if (random(100) < 25) text += EMOJI[random(EMOJI.length)];
  return lang === undefined ? { text } : { text, lang };
}

/** Draw one of several things by their shares in per mille. */
export function drawn<T>(shares: [T, number][], random: (below: number) => number): T {
  let left = random(1000);
  for (const [thing, share] of shares) {
    left -= share;
    if (left < 0) return thing;
  }
  throw new Error("Cannot draw: the shares do not add up to 1,000");
}

function drawnLength(random: (below: number) => number): number {
  // Box and Muller's way to normally distributed numbers.
  const [u, v] = [(random(1e6) + 1) / 1e6, random(1e6) / 1e6];
  const normal = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  const length = LENGTH.median * Math.exp(normal * LENGTH.spread);
  return Math.min(LENGTH.most, Math.max(1, Math.round(length)));
}

function words(text: string): string[] {
  return text.split(" ");
}
