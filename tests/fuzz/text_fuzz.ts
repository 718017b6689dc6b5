/** Damages what a parser reads, and looks at what becomes of it. */
import { randomNumbers } from "../etl/atproto/mutation.ts";
import { PARSERS } from "./parsers.ts";
import { mutateText } from "./text_mutation.ts";

export interface TextFuzzCounts {
  cases: number;
  /** Texts that were read without an error. */
  read: number;
  slowestMs: number;
}

/**
 * Let a parser read damaged texts.
 *
 * Throws where it ends with another error than those it may refuse with, and names the case.
 */
export async function fuzzParser(
  name: string,
  cases: number,
  seed: number,
): Promise<TextFuzzCounts> {
  const { samples, read, refuses, isFile = false } = PARSERS.find((it) => it.name === name)!;
  const random = randomNumbers(seed);
  const counts: TextFuzzCounts = { cases, read: 0, slowestMs: 0 };
  const path = isFile ? await Deno.makeTempFile() : "";
  try {
    for (let number = 0; number < cases; number++) {
      const [sample, other] = [random(samples.length), random(samples.length)];
      const text = mutateText(samples[sample]!, samples[other]!, random);
      if (isFile) await Deno.writeTextFile(path, text);
      const started = performance.now();
      try {
        await read(text, path);
        counts.read++;
      } catch (cause) {
        if (!refuses.some((kind) => cause instanceof kind)) {
          throw new Error(
            `${name}, case ${number} of seed ${seed}: ${cause} in ${
              JSON.stringify(text.slice(0, 300))
            }`,
            { cause },
          );
        }
      }
      counts.slowestMs = Math.max(counts.slowestMs, performance.now() - started);
    }
  } finally {
    if (isFile) await Deno.remove(path);
  }
  return counts;
}
