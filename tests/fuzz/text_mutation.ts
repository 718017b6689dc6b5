/** Damages texts as networks, servers, spreadsheets and adversaries do, the same way for the same seed. */

/** What parsers of text break on. */
const PIECES = [
  ...["", "\0", "\uFEFF", "\uD800", "\u2028", "\u202E", "\r", "\r\n", "\n", "\t"],
  ...`" "" ' \\ , ; | { } [ ] : % # ~ \`\`\` *a İ ß 👩‍👩‍👧‍👦 at:// did:plc: </think>`.split(" "),
  ...["- ", "? ", "&a ", "!!js ", "<<: ", "__proto__", "constructor", "toString"],
  ..."null true NaN -0 1e999 -1 9007199254740993 2026-02-30 0000-01-01T00:00:00Z".split(" "),
];
/** Values in the place of one of a JSON document. */
const VALUES: unknown[] = [
  ...[null, true, "", " ", "\0", "\uD800", 0, -1, 0.5, 1e308, 2 ** 53, -(2 ** 63), [], {}, [[]], [
    null,
  ]],
  ...[
    "2026-02-30T00:00:00Z",
    "+275760-09-13T00:00:00Z",
    "at://did:plc:a/b/c",
    "__proto__",
    "9".repeat(400),
  ],
  JSON.parse('{"__proto__": {"a": 1}}'),
  { "": "" },
];

/** Give a damaged text; `other` is a sound one to take pieces from. */
export function mutateText(
  text: string,
  other: string,
  random: (below: number) => number,
): string {
  if (random(2) === 0) {
    const changed = mutateJson(text, random);
    if (changed !== undefined) return changed;
  }
  const times = 1 + random(3);
  for (let i = 0; i < times; i++) text = mutateOnce(text, other, random);
  return text;
}

function mutateOnce(text: string, other: string, random: (below: number) => number): string {
  const at = random(text.length + 1);
  const piece = PIECES[random(PIECES.length)]!;
  switch (random(8)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + random(8));
    case 2:
      return text.slice(0, at) + text.slice(random(at + 1));
    case 3:
      return text.slice(0, at) + other.slice(random(other.length + 1));
    case 4: {
      const times = random(40) === 0 ? 20_000 : 1 + random(60);
      return text.slice(0, at) + piece.repeat(times) + text.slice(at);
    }
    case 5:
      return text.slice(0, at) + String.fromCharCode(random(0x10000)) + text.slice(at + 1);
    default:
      return text.slice(0, at) + piece + text.slice(at + random(3));
  }
}

/** Replace, drop or double one value somewhere in a JSON document; undefined where the text is none. */
function mutateJson(text: string, random: (below: number) => number): string | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  const places: [holder: Record<string, unknown>, key: string][] = [];
  const walk = (value: unknown) => {
    if (value === null || typeof value !== "object") return;
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key]);
      walk((value as Record<string, unknown>)[key]);
    }
  };
  walk(document);
  if (places.length === 0) return JSON.stringify(VALUES[random(VALUES.length)]);
  for (let times = 1 + random(3); times > 0; times--) {
    const [holder, key] = places[random(places.length)]!;
    switch (random(4)) {
      case 0:
        delete holder[key];
        break;
      case 1: {
        const [from, name] = places[random(places.length)]!;
        // A value may come to stand within itself.
        holder[key] = structuredClone(from[name]);
        break;
      }
      default:
        holder[key] = VALUES[random(VALUES.length)];
    }
  }
  return JSON.stringify(document);
}
