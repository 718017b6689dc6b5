import { EXIT, UserError } from "./error.ts";
import { textEncoding, wrongLine } from "./text_encoding.ts";

/** A file that people write by hand is shorter. */
const MOST_BYTES = 20_000_000;

/**
 * Read a file that people write: UTF-8, or UTF-16 with its mark.
 *
 * Throws a usage error for one in another encoding, in which accented words would never match, and for
 * one of more than 20 MB; what the system says where it cannot be read.
 */
export function readText(path: string): string {
  const { size } = Deno.statSync(path);
  if (size > MOST_BYTES) {
    throw refused(path, `it has ${Math.round(size / 1e6)} MB`, "Name the file that was meant");
  }
  const bytes = Deno.readFileSync(path);
  const encoding = textEncoding(bytes);
  const line = encoding === "utf-8" ? wrongLine([bytes]) : undefined;
  if (line !== undefined) {
    throw refused(path, `line ${line} is not UTF-8`, "Save the file as UTF-8, then run it again");
  }
  const text = new TextDecoder(encoding).decode(bytes);
  if (text.includes("\0")) {
    throw refused(path, "it is not text in UTF-8", "Save the file as UTF-8, then run it again");
  }
  return text;
}

function refused(path: string, found: string, remedy: string): UserError {
  return new UserError(`read ${path}`, found, remedy, { exitCode: EXIT.usage });
}
