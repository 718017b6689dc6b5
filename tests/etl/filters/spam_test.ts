import assert from "node:assert/strict";
import { flagged } from "./flagged.ts";

const did = (letter: string) => `did:plc:${letter.repeat(24)}`;

Deno.test("so many different hashtags are spam, whether they come from facets or stand in the text", async () => {
  const cases: [string, string[] | null, boolean][] = [
    ["#a #b #c", ["a", "b", "c"], true],
    ["#a #b", ["a", "b"], false],
    ["#a #A #b #B", ["a", "A", "b", "B"], false],
    ["tags beside the text", ["x", "y", "z"], true],
    ["#one #two ＃three", null, true],
    ["#one #two #3 and https://example.org/#four", null, false],
    ["#one#two#three", null, false],
    ["#eins,\n#zwei\u3000#drei", [], true],
  ];
  const flags = await flagged(
    "spam",
    { hashtags: 3 },
    cases.map(([text, hashtags]) => ({ text, hashtags })),
  );
  assert.deepEqual(flags, cases.map(([, , wanted]) => wanted));
});

Deno.test("a shortened link is found in facets, link cards and texts, by its whole domain", async () => {
  const cases: [Parameters<typeof flagged>[2][number], boolean][] = [
    [{ text: "look: https://bit.ly/abc" }, true],
    [{ text: "look (bit.ly/abc)" }, true],
    [{ text: "HTTPS://BIT.LY/ABC" }, true],
    [{ text: "look", links: ["https://example.org/", "http://www.bit.ly/abc"] }, true],
    [{ text: "look", links: ["https://go.bit.ly:443/abc"] }, true],
    [{ text: "look", external_url: "https://t.co/x" }, true],
    [{ text: "https://rabbit.ly/abc and https://notbit.ly/abc" }, false],
    [{ text: "https://bit.ly.example.org/abc" }, false],
    [{ text: "https://example.org/bit.ly/abc" }, false],
    [{ text: "https://bitxly/abc, https://about.com/x" }, false],
    [{ text: "I no longer trust bit.ly. Who does?" }, false],
    [{ text: "nothing" }, false],
  ];
  const flags = await flagged(
    "spam",
    { link_domains: ["bit.ly", "t.co"] },
    cases.map(([post]) => post),
  );
  assert.deepEqual(flags, cases.map(([, wanted]) => wanted));
});

Deno.test("a phrase is spam as whole words, never as a part of others", async () => {
  const cases: [string, boolean][] = [
    ["Claim your PRIZE now", true],
    ["claim\nyour — prize!", true],
    ["disclaim your prizes", false],
    ["claim your big prize", false],
    ["win", true],
    ["#win", true],
    ["winter is coming to Windsor", false],
    ["", false],
  ];
  const flags = await flagged(
    "spam",
    { phrases: ["claim your prize", "win"] },
    cases.map(([text]) => ({ text })),
  );
  assert.deepEqual(flags, cases.map(([, wanted]) => wanted));
});

Deno.test("a text that so many accounts wrote is spam, however links, numbers, handles and emoji differ", async () => {
  const posts = [
    { did: did("a"), text: "Get 500 coins today, my friends! https://a.example/1 #coins" },
    { did: did("b"), text: "🚀🚀 GET 9 COINS\ntoday my friends https://b.example/2" },
    { did: did("c"), text: "@a.example.org get coins today… my friends ❤️ 1️⃣ #other" },
    // One account, again and again.
    { did: did("d"), text: "The same sentence by one account alone" },
    { did: did("d"), text: "The same sentence by one account alone" },
    { did: did("d"), text: "The same sentence by one account alone" },
    // Two accounts where three are asked for.
    { did: did("e"), text: "Two accounts wrote this very sentence" },
    { did: did("f"), text: "Two accounts wrote this very sentence" },
    // Too short to be more than chance.
    { did: did("a"), text: "Good morning!" },
    { did: did("b"), text: "good morning" },
    { did: did("c"), text: "GOOD MORNING 2026" },
    // A word more is another text.
    { did: did("g"), text: "Get coins today my dear friends" },
  ];
  const flags = await flagged("spam", { near_duplicates: { accounts: 3, characters: 20 } }, posts);
  assert.deepEqual(flags, posts.map((_, index) => index < 3));
});

Deno.test("without any rule nothing is spam", async () => {
  assert.deepEqual(await flagged("spam", {}, [{ text: "win https://bit.ly/x #a #b #c" }]), [false]);
});
