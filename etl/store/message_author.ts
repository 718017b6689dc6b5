/** Whose a message is that could not be read whole. */

const DID = /^did:[a-z]+:[a-zA-Z0-9._:%-]+$/;
/** The keys `repo` of a commit and `did` of other events, with the head of a text behind them. */
const KEY = /(?:drepo|cdid)(?:x([^])|([`-w]))/g;
/** In the order of keys this comes behind the author, and in it other accounts are named. */
const BLOCKS = "fblocks";
const TEXT_HEAD = 0x60;

/**
 * Give the account that a message of a stream is about: a frame in CBOR or an object in JSON, however
 * broken the rest; nothing where it names none, or more than one.
 */
export function authorOf(message: Uint8Array | string): string | undefined {
  const isJson = typeof message === "string" || message[0] === "{".charCodeAt(0);
  const text = typeof message === "string" ? message : latin1(message);
  return isJson ? authorOfJson(text) : authorOfFrame(text);
}

function authorOfJson(text: string): string | undefined {
  try {
    const { did, payload } = JSON.parse(text) as { did?: unknown; payload?: { did?: unknown } };
    const named = payload?.did ?? did;
    return typeof named === "string" && DID.test(named) ? named : undefined;
  } catch {
    return undefined;
  }
}

function authorOfFrame(text: string): string | undefined {
  const end = text.indexOf(BLOCKS);
  const head = end < 0 ? text : text.slice(0, end);
  const named = new Set(
    head.matchAll(KEY).map((match) => {
      const [whole, long, short] = match;
      const length = long?.charCodeAt(0) ?? short!.charCodeAt(0) - TEXT_HEAD;
      const from = match.index + whole.length;
      return head.slice(from, from + length);
    }),
  );
  const [only] = named;
  return named.size === 1 && DID.test(only!) ? only : undefined;
}

/** Give bytes as a text of one character each. */
export function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
