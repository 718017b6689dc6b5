import assert from "node:assert/strict";
import {
  type Dictionary,
  type Entry,
  readDictionary,
} from "../../../classifiers/codebooks/codebook.ts";
import { compile, isUnspaced } from "../../../classifiers/codebooks/dictionary_match.ts";
import { naiveScore } from "./naive_score.ts";

type Written = string | [match: string, weight: number];
type Lists = { [list in "terms" | "phrases" | "case_sensitive" | "hashtags"]?: Written[] };

function dictionary(categories: Record<string, Lists>, threshold = 1): Dictionary {
  const entry = (written: Written): Entry => {
    const [match, weight] = typeof written === "string" ? [written, 1] : written;
    return { match: match.replace("*", ""), isPrefix: match.endsWith("*"), weight };
  };
  return {
    threshold,
    categories: Object.fromEntries(
      Object.entries(categories).map(([name, lists]) => [name, {
        description: name,
        terms: (lists.terms ?? []).map(entry),
        phrases: (lists.phrases ?? []).map(entry),
        case_sensitive: (lists.case_sensitive ?? []).map(entry),
        hashtags: (lists.hashtags ?? []).map(entry),
      }]),
    ),
  };
}

/** Score texts with one category `c`. */
function scorer(lists: Lists) {
  const score = compile(dictionary({ c: lists }));
  return (text: string) => score(text).score;
}

Deno.test("a match gives the categories in the order of the codebook, their scores and the sum", () => {
  const score = compile(dictionary({
    zeta: { terms: ["senate", ["vote", 0.5]] },
    unmatched: { terms: ["tariff"] },
    alpha: { terms: ["vote"], hashtags: ["maga"] },
  }));
  assert.deepEqual(score("A vote in the Senate, a vote! #MAGA"), {
    wordCount: 7,
    categories: ["zeta", "alpha"],
    scores: { zeta: 2, alpha: 3 },
    score: 5,
    isPolitical: true,
  });
  assert.deepEqual(Object.keys(score("#maga vote").scores), ["zeta", "alpha"]);
});

Deno.test("a post is political from the threshold on, and tenths add up exactly", () => {
  const isPolitical = (text: string, threshold: number) =>
    compile(dictionary({ c: { terms: [["vote", 0.1]] } }, threshold))(text).isPolitical;
  assert.equal(isPolitical("vote ".repeat(9), 1), false);
  assert.equal(isPolitical("vote ".repeat(10), 1), true);
  assert.equal(isPolitical("vote ".repeat(3), 0.3), true);
});

Deno.test("capitals do not matter, except for case-sensitive entries", () => {
  const score = scorer({ terms: ["senate"], case_sensitive: ["ICE", "March for Life"] });
  assert.equal(score("SENATE Senate senate"), 3);
  assert.equal(score("ice Ice iCE police"), 0);
  assert.equal(score("ICE. (ICE) ICE's"), 3);
  assert.equal(score("March  for\nLife, march for life"), 1);
});

Deno.test("a word ends where its letters, marks, digits and underscores end", () => {
  const score = scorer({ terms: ["senate", "état"] });
  for (
    const text of ["Senate's", "Senate’s", "(senate)", "“senate”", "🗳️senate🇺🇸", "\u200Fsenate"]
  ) {
    assert.equal(score(text), 1, text);
  }
  for (
    const text of ["Senatea", "senate2", "senate_x", "senaté", "xsenate", "сsenate", "senateж"]
  ) {
    assert.equal(score(text), 0, text);
  }
  assert.equal(score("senate\u0323"), 0, "a combining mark belongs to the word");
  assert.equal(score("l'e\u0301tat"), 1, "decomposed text is composed first");
});

Deno.test("what stands before a hyphen changes a word, what stands behind it does not", () => {
  const one = scorer({ terms: ["election"] });
  assert.equal(one("re-election"), 0);
  assert.equal(one("re\u2011election"), 0, "with a hyphen that does not break");
  assert.equal(one("election-related"), 1);
  assert.equal(one("the loss—election day -- election"), 2);
  const both = compile(dictionary({ c: { terms: ["election", "re-election"] } }));
  assert.equal(both("His re-election.").score, 1);
  assert.equal(both("His re-election.").wordCount, 2);
});

Deno.test("a star matches every word that begins so, up to the end of the word", () => {
  const score = scorer({ terms: ["immigra*"], phrases: ["tax cut*"] });
  assert.equal(score("Immigration immigrants IMMIGRA immigra-x"), 4);
  assert.equal(score("immigr unimmigrated"), 0);
  assert.equal(score("tax cuts, tax cut, tax  cutters; taxes cut"), 3);
});

Deno.test("white space in a phrase matches any run of white space and line breaks", () => {
  const score = scorer({ phrases: ["gun control"] });
  assert.equal(score("gun  control / gun\n\tcontrol / gun\u00A0control"), 3);
  assert.equal(score("gun, control / guncontrol / gun-control / gun controls"), 0);
});

Deno.test("curly and straight apostrophes are the same", () => {
  const score = scorer({ phrases: ["women's rights"] });
  assert.equal(score("Women’s rights, women's rights, WOMENʼS RIGHTS"), 3);
});

Deno.test("links and handles are taken out, and no phrase spans the place", () => {
  const score = scorer({ terms: ["senate", "vote"], phrases: ["gun control"] });
  for (
    const text of [
      "https://example.org/senate?vote#vote",
      "(http://senate.example)",
      "www.example.com/senate/vote...",
      "example.org/2024/senate-vote",
      "at://did:plc:abc/senate",
      "vote.org senate.gov",
      "@senate.example @vote ＠vote mail@senate.gov",
      "gun @someone control",
      "gun https://example.org control",
      "gun #now control",
    ]
  ) assert.equal(score(text), 0, text);
  assert.equal(score("We won.Senate next"), 1, "a missing space does not make a link");
});

Deno.test("a hashtag matches only hashtag entries, whole and whatever its capitals", () => {
  const score = scorer({ terms: ["vote", "maga"], hashtags: ["vote", "free-press"] });
  assert.equal(score("#Vote ＃VOTE (#vote) #vote's"), 4);
  assert.equal(score("#maga #votes #vote_now #vote-now #novote"), 0);
  assert.equal(score("#Free-Press"), 1);
  assert.equal(score("maga"), 1);
  assert.equal(scorer({ hashtags: ["vote"] })("vote # vote"), 0);
});

Deno.test("a stretch of text counts once a category, for the longest entry that begins there", () => {
  const lists: Lists = {
    terms: [["senate", 1], ["sen*", 4]],
    phrases: [["senate bill", 16], ["bill of rights", 64]],
  };
  assert.equal(scorer(lists)("senate"), 1, "of two as long, the more exact one");
  assert.equal(scorer(lists)("senator"), 4);
  assert.equal(scorer(lists)("senate bill of rights"), 16, "from left to right");
  const two = compile(dictionary({ a: lists, b: { terms: ["bill"] } }));
  assert.deepEqual(two("senate bill").scores, { a: 16, b: 1 });
  const cased = scorer({ terms: [["who", 0.25]], case_sensitive: ["WHO"] });
  assert.equal(cased("WHO"), 1);
  assert.equal(cased("Who"), 0.25);
});

Deno.test("words are counted outside links, handles and hashtags", () => {
  const count = (text: string) => compile(dictionary({ c: { terms: ["x"] } }))(text).wordCount;
  assert.equal(count(""), 0);
  assert.equal(count(" \n\t"), 0);
  assert.equal(count("🎉👩‍👩‍👧 ... #vote @me https://example.org"), 0);
  assert.equal(count("Don't re-elect 2 rock-n-roll 'stars' — ever"), 6);
});

Deno.test("in Japanese, Chinese and Thai sentences an entry is found inside a run of letters", () => {
  const japanese = scorer({
    terms: ["選挙", "投票", "内閣*", "首相", "スキ"],
    phrases: ["自民党 総裁"],
    case_sensitive: ["NHK"],
  });
  assert.equal(japanese("明日は参議院選挙の投票日です。"), 2);
  assert.equal(japanese("岸田首相は内閣改造を行うとNHKが報じた"), 3);
  assert.equal(japanese("今日は猫と一緒に昼寝をしました。"), 0);
  assert.equal(japanese("冬はスキーに行きたい"), 0, "a long vowel belongs to its sign");
  assert.equal(japanese("SNHKはない"), 0, "Latin letters still make up whole words");
  assert.equal(japanese("自民党　総裁に聞く"), 1);
  const chinese = scorer({ terms: ["选举", "总统", "立法院", "選舉", "𠮷野"] });
  assert.equal(chinese("美国总统选举将于十一月举行。"), 2);
  assert.equal(chinese("台灣的立法院今天討論選舉法"), 2);
  assert.equal(chinese("今天天气很好，我们去公园散步"), 0);
  assert.equal(chinese("我在𠮷野家吃饭"), 1);
  const thai = scorer({ terms: ["เลือกตั้ง", "รัฐบาล", "สภา", "กา"] });
  assert.equal(thai("ประชาชนไปเลือกตั้งเมื่อวานนี้เพื่อเลือกรัฐบาลใหม่"), 2);
  assert.equal(thai("แมวนอนหลับบนโซฟา"), 0);
  assert.equal(thai("ก่ากา่"), 0, "a mark belongs to its letter");
});

Deno.test("an entry of a script without spaces counts once, for the longest, and beside spaced ones", () => {
  const score = scorer({ terms: ["選挙", ["選挙権", 4], "vote", "выборы"] });
  assert.equal(score("選挙権と選挙"), 5);
  assert.equal(score("東京でvoteする"), 1, "words of Latin letters end beside such a script");
  assert.equal(score("voter votes выборыв xvote"), 0, "and nowhere else");
  assert.equal(score("vote выборы"), 2);
});

Deno.test("a codebook of scripts with spaces labels as before, whatever script stands beside", () => {
  const score = compile(dictionary({ c: { terms: ["vote", "выбор*"] } }));
  assert.deepEqual([score("東京でvoteする").score, score("東京でvoteする").wordCount], [0, 1]);
  assert.equal(score("vote, выборы; voted невыборы").score, 2);
  for (const entry of ["vote", "выбор", "g\u0303uahe", "선거", "انتخابات", "चुनाव"]) {
    assert.equal(isUnspaced(dictionary({ c: { terms: [entry] } })), false, entry);
  }
  for (const entry of ["選", "ひ", "カ", "ㄅ", "ก", "ກ", "ក", "က"]) {
    assert.equal(isUnspaced(dictionary({ c: { phrases: [`vote ${entry}`] } })), true, entry);
  }
});

Deno.test("no text throws", () => {
  const score = compile(dictionary({ c: { terms: ["vote", "i*"], phrases: ["gun control"] } }));
  const texts = [
    "",
    " ",
    "\uD800vote\uDC00",
    "\uDFFF",
    "#\uD83D",
    "@",
    "#",
    "👩‍❤️‍👩vote",
    "שלום vote עולם",
  ];
  for (const text of texts) assert.equal(typeof score(text).score, "number");
  assert.equal(score("\uD800vote\uDC00").score, 1);
  assert.equal(score("İİİ vote İ").score, 3, "a letter that grows in lower case moves nothing");
  assert.equal(score("שלום vote עולם").score, 1);
});

Deno.test("hostile texts of 300 KB come back", async () => {
  const { dictionary } = await readDictionary("classifiers/codebooks/us_politics.yaml");
  const score = compile(dictionary);
  const fill = (part: string) => part.repeat(Math.ceil(300_000 / part.length));
  const parts = [
    "a",
    "a.",
    "a-",
    "-",
    "'",
    "#",
    "@",
    "http",
    "http:/",
    "immigra",
    "gun contro ",
    "the ",
  ];
  for (const part of [...parts, "roe v. ", "www.", "#a-", "\u0301", "\uD800", "a'"]) {
    score(fill(part));
  }
  assert.equal(score(fill("gun control ")).categories[0], "guns");
});

Deno.test("a naive matcher finds the same in 8,000 invented sentences", () => {
  const tested = dictionary({
    a: {
      terms: ["gun", ["gun*", 0.5], "re-election", "élection*", ["vote", 0.25], "pro-life*"],
      phrases: ["gun control", "gun control act", ["control act now", 8], "the vote"],
      case_sensitive: ["ICE", ["Vote", 2], "THE WHO"],
      hashtags: ["vote", ["gun", 0.5]],
    },
    b: {
      terms: ["election", "control", "life", "act"],
      phrases: ["control act", "life act*", "who the"],
      case_sensitive: ["GUN*", ["Act", 4]],
      hashtags: ["vote", "ice"],
    },
  });
  const pieces =
    "gun guns gunfight GUN GUNS control Control act Act ACT acts now the THE who WHO vote Vote VOTE " +
    "voted re election elections élection ÉLECTIONS pro life lifer ICE ice Ice nice x 7 _ é 🗳 don't";
  const words = pieces.split(" ");
  const joints = [" ", " ", " ", " ", "  ", "\n", " \t", "-", "-", "--", "'", ", ", ". ", "—", "/"];
  const chunks = [
    " https://gun.example/vote ",
    " @gun.control ",
    " #vote ",
    " #Gun ",
    " #ICE ",
    " #guns ",
  ];
  let state = 20260601;
  const pick = <T>(from: readonly T[]): T => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return from[Math.floor(state / 2 ** 32 * from.length)]!;
  };
  const score = compile(tested);
  let matched = 0;
  for (let i = 0; i < 8_000; i++) {
    let text = pick(words);
    for (let k = 0; k < 3 + i % 12; k++) {
      text += (pick([true, ...Array(9).fill(false)]) ? pick(chunks) : pick(joints)) + pick(words);
    }
    const { scores } = score(text);
    assert.deepEqual(scores, naiveScore(text, tested), JSON.stringify(text));
    if (Object.keys(scores).length > 0) matched++;
  }
  assert.ok(matched > 4_000, `only ${matched} sentences matched anything`);
});
