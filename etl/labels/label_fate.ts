import { createHash } from "node:crypto";
import { comparedText, isCutFrom } from "./same_text.ts";

/** Whether a label belongs to the post with its uri, and by what. */
export type Fate = "same_text" | "by_uri_alone" | "another_version" | "no_version";

/** A version of a post. */
export interface Version {
  text: string;
  text_hash: string;
}

/** Texts are compared the more loosely the later: NFKC takes 10² for 102. */
const FORMS = ["NFC", "NFKC"] as const;
const HASH_OF_NOTHING = createHash("sha256").update("").digest("hex").slice(0, 32);

/**
 * Tell which version of a post a label is of that does not name one: by the exact text first, then by
 * the normalised one, then by the beginning that a tool left of it.
 *
 * `text` is that of the file, undefined where it is no longer known. `versions` are all that are
 * known, the post among them; `hadOthers` says that there were more. A text that no version has belongs by
 * its uri alone where there is one version, else to none.
 */
export function fateOf(
  { text_hash, text = text_hash === HASH_OF_NOTHING ? "" : undefined }: {
    text_hash: string;
    text: string | undefined;
  },
  postHash: string,
  versions: Version[],
  hadOthers: boolean,
): Fate {
  const hashes = (isOf: (version: Version) => boolean) =>
    new Set(versions.filter(isOf).map((version) => version.text_hash));
  const isOnly = !hadOthers && hashes(() => true).size === 1;
  if (hashes((version) => version.text_hash === text_hash).size > 0) {
    return text_hash === postHash ? "same_text" : "another_version";
  }
  if (text !== undefined) {
    for (const form of FORMS) {
      const compared = comparedText(text, form);
      const same = hashes((version) => comparedText(version.text, form) === compared);
      if (same.size > 0) return same.has(postHash) ? "same_text" : "another_version";
    }
    for (const form of FORMS) {
      const begun = hashes((version) => isCutFrom(text, version.text, form));
      if (begun.size === 0) continue;
      if (!begun.has(postHash)) return "another_version";
      return begun.size === 1 ? "by_uri_alone" : "no_version";
    }
  }
  return isOnly ? "by_uri_alone" : "no_version";
}
