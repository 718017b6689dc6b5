import assert from "node:assert/strict";
import { PARSERS } from "../fuzz/parsers.ts";
import { fuzzParser } from "../fuzz/text_fuzz.ts";

// Invariant 9
for (const { name, samples, read, isFile } of PARSERS) {
  Deno.test(`damaged texts are read or refused by the reader of ${name}, and none takes long`, async () => {
    for (const sample of samples) {
      const path = await Deno.makeTempFile();
      await Deno.writeTextFile(path, sample);
      await read(sample, path);
      await Deno.remove(path);
    }
    const { slowestMs } = await fuzzParser(name, isFile ? 60 : 4000, 1);
    assert.ok(slowestMs < 5000, `${slowestMs} ms`);
  });
}
