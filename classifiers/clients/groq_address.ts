import { EXIT, UserError } from "../../etl/run/error.ts";

/** Where Groq answers. */
const GROQ_ROOT = "https://api.groq.com/openai/v1/";
/** The prefix that Groq's SDK puts before the path of every request. */
export const SDK_PREFIX = "/openai/v1";

/**
 * Give the root of the API at a base URL, with a slash at its end; Groq's own where none is given.
 *
 * `/v1` is added where the path has no segment of a version: `http://127.0.0.1:8000`,
 * `http://127.0.0.1:8000/v1/` and `https://example.org/models/v1` are all right, and so are the two
 * forms that Groq's own tools take. Throws a usage error where it cannot be a base URL.
 */
export function apiRoot(baseUrl: string | undefined): string {
  if (baseUrl === undefined) return GROQ_ROOT;
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const isBase = url !== undefined && /^https?:$/.test(url.protocol) &&
    `${url.username}${url.password}${url.search}${url.hash}` === "";
  if (!isBase) {
    throw new UserError(
      "ask the LLM",
      "GROQ_BASE_URL is not a plain http or https address",
      "Write it like http://127.0.0.1:8000/v1, without a login, a key or a query; leave it unset for Groq",
      { exitCode: EXIT.usage },
    );
  }
  const segments = url.pathname.split("/").filter((segment) => segment !== "");
  if (isGroq(url.href) && segments.length === 0) return GROQ_ROOT;
  if (!segments.some((segment) => /^v\d/.test(segment))) segments.push("v1");
  return `${url.origin}/${segments.join("/")}/`;
}

/** Is that Groq's own service, which requires a key? */
export function isGroq(root: string): boolean {
  // A fully qualified name may end in a dot.
  return /(^|\.)groq\.com\.?$/.test(new URL(root).hostname);
}

/** Give the address that a request of Groq's SDK is sent to instead, at the root of another server. */
export function atRoot(asked: string, root: string): string {
  const { pathname, search } = new URL(asked);
  if (!pathname.startsWith(`${SDK_PREFIX}/`)) {
    throw new Error(`the SDK asks for ${pathname}, which does not begin with ${SDK_PREFIX}`);
  }
  return `${root}${pathname.slice(SDK_PREFIX.length + 1)}${search}`;
}

/**
 * Give a key that can be sent; undefined where there is none and the service needs none.
 *
 * Throws a usage error where Groq itself lacks a key, and where a header cannot hold the key.
 */
export function checkKey(key: string | undefined, root: string): string | undefined {
  if ((key ?? "") === "" && !isGroq(root)) return undefined;
  // A header allows nothing else; the runtime's own error would quote the key.
  if (key !== undefined && /^[\x21-\x7e]+$/.test(key)) return key;
  throw new UserError(
    "ask the LLM",
    (key ?? "") === ""
      ? "GROQ_API_KEY is not set"
      : "GROQ_API_KEY has a space, a line break or a character that is not ASCII",
    "Put the key into .env (see .env.example), then run the task again; classify:dictionary needs " +
      "none, nor does a server of your own (GROQ_BASE_URL)",
    { exitCode: EXIT.usage },
  );
}
