import { Buffer } from "node:buffer";
import { authorOf } from "../store/message_author.ts";

const POST_URI = /at:\/\/(did:[a-z]+:[\w.:%-]+)\/app\.bsky\.feed\.post\/([\w.:~-]+)/g;
const POST_LINK = /bsky\.app\/profile\/(did:[a-z]+:[\w.:%-]+)\/post\/([\w.:~-]+)/g;
/** The path of an op in CBOR, whose length stands before it. */
const PATH = /(?:x([^])|([`-w]))(app\.bsky\.feed\.post\/[\w.:~-]+)/g;
const RKEY = /"rkey"\s*:\s*"([\w.:~-]+)"/g;

/** A line of the quarantine, as far as it names somebody. */
interface Line {
  uri?: string;
  did?: string;
  payload?: string;
}

/**
 * Give the posts and accounts that a line of the quarantine is about: those that it names, and those
 * whose text may stand in its payload. Of a torn line, the uri or did that it begins with.
 */
export function subjectsOf(line: string): string[] {
  const { uri, did, payload = "" } = parsed(line);
  const bytes = Buffer.from(payload, "base64");
  const text = bytes.toString("latin1");
  const author = did ?? /^at:\/\/([^/]+)/.exec(uri ?? "")?.[1] ?? authorOf(bytes);
  const named = [...text.matchAll(POST_URI), ...text.matchAll(POST_LINK)].map((
    [, author, rkey],
  ) => `at://${author}/app.bsky.feed.post/${rkey}`);
  const paths = [
    ...text.matchAll(PATH).map(([, long, short, path]) =>
      path!.slice(0, long?.charCodeAt(0) ?? short!.charCodeAt(0) - 0x60)
    ),
    ...text.matchAll(RKEY).map(([, rkey]) => `app.bsky.feed.post/${rkey}`),
  ];
  const own = author === undefined ? [] : paths.map((path) => `at://${author}/${path}`);
  return [...new Set([uri, author, ...named, ...own].filter((subject) => subject !== undefined))];
}

function parsed(line: string): Line {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const value = (key: string) => new RegExp(`"${key}":"([^"]+)"`).exec(line)?.[1];
    const [uri, did, payload] = [value("uri"), value("did"), value("payload")];
    return { ...uri && { uri }, ...did && { did }, ...payload && { payload } };
  }
}
