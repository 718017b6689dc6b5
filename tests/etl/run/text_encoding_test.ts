import assert from "node:assert/strict";
import { wrongLine } from "../../../etl/run/text_encoding.ts";

/** Bytes of parts: texts in UTF-8, and single bytes. */
function bytesOf(...parts: (string | number)[]): Uint8Array {
  const bytes = parts.flatMap((part) =>
    typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]
  );
  return Uint8Array.from(bytes);
}

Deno.test("the line of the first wrong byte is found wherever a file is cut into pieces", () => {
  const cases: [Uint8Array, number | undefined][] = [
    [bytesOf("a\r\nü😀\n"), undefined],
    [bytesOf(""), undefined],
    [bytesOf("a\r\nb\r\n", 0xe9, "\n"), 3],
    [bytesOf("a\nü😀\n\n", 0xe9), 4],
    [bytesOf("a\rb\r", 0xe9, "x"), 3],
    [bytesOf("a\r\rb\n", 0xe9), 4],
    // A character that its line or the file cuts.
    [bytesOf("a\n", 0xc3), 2],
    [bytesOf("é", 0xc3, "\nx"), 1],
  ];
  for (const [bytes, line] of cases) {
    for (const size of [1, 2, 3, 5, 100]) {
      const count = Math.ceil(bytes.length / size);
      const pieces = Array.from(
        { length: count },
        (_, i) => bytes.subarray(i * size, (i + 1) * size),
      );
      assert.equal(wrongLine(pieces), line, `${bytes} by ${size}`);
    }
  }
});
