/** How the bytes of a text file are read. */

/** Give the encoding that the first bytes of a file name; UTF-8 where they name none. */
export function textEncoding(head: Uint8Array): string {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  return "utf-8";
}

/** Give the number of the first line that is not UTF-8, undefined where all are; `pieces` follow each other. */
export function wrongLine(pieces: Iterable<Uint8Array>): number | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  let isAfterReturn = false;
  try {
    for (const piece of pieces) {
      for (let start = 0; start < piece.length;) {
        let end = start;
        // No other character of UTF-8 has these bytes in it.
        while (end < piece.length && piece[end] !== 0x0a && piece[end] !== 0x0d) end++;
        decoder.decode(piece.subarray(start, end), { stream: end === piece.length });
        if (end > start) isAfterReturn = false;
        if (end < piece.length) {
          if (piece[end] === 0x0d || !isAfterReturn) line++;
          isAfterReturn = piece[end] === 0x0d;
        }
        start = end + 1;
      }
    }
    decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return line;
  }
  return undefined;
}
