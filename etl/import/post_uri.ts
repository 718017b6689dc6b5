/** The post that a cell names, by its uri or by the link of an app. */
export interface PostName {
  uri: string;
  did: string;
  rkey: string;
}

const POST_URI = /^at:\/\/([^/]+)\/app\.bsky\.feed\.post\/([^/]+)$/;
const POST_LINK =
  /^https?:\/\/(?:[a-z]+\.)?bsky\.app\/profile\/([^/]+)\/post\/([^/?#]+)\/?(?:[?#].*)?$/i;
const DID = /^did:[a-z]+:[a-zA-Z0-9._:%-]+$/;
const HANDLE = /^@?([a-z0-9-]+\.)+[a-z][a-z0-9-]*$/i;
const RKEY = /^[a-zA-Z0-9._:~-]+$/;

/** Read the name of a post; gives the reason where it is none, or names its author by a handle. */
export function readPostUri(text: string): PostName | "invalid_uri" | "handle_instead_of_did" {
  const cell = text.trim();
  const [, author = "", rkey = ""] = POST_URI.exec(cell) ?? POST_LINK.exec(cell) ?? [];
  const did = author.replaceAll(/%3a/gi, ":");
  if (!RKEY.test(rkey) || rkey === "." || rkey === "..") return "invalid_uri";
  if (DID.test(did)) return { uri: `at://${did}/app.bsky.feed.post/${rkey}`, did, rkey };
  return HANDLE.test(did) ? "handle_instead_of_did" : "invalid_uri";
}
