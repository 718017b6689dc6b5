import assert from "node:assert/strict";
import { decodeFirst, encode, toBytes } from "@atcute/cbor";
import { blobLink } from "../../../demo/sample/block.ts";
import { CborReader, keyCode, MAX_DEPTH } from "../../../etl/atproto/cbor_reader.ts";
import { FrameError } from "../../../etl/atproto/frame_error.ts";
import { mutate, randomNumbers } from "./mutation.ts";

const link = blobLink(new Uint8Array([1]));
const VALUES = [
  0,
  23,
  24,
  255,
  256,
  65_535,
  65_536,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  -1,
  -25,
  Number.MIN_SAFE_INTEGER,
  1.5,
  -0.25,
  "",
  "text",
  "Ürban 🏡",
  "long ".repeat(100),
  true,
  false,
  null,
  toBytes(new Uint8Array(300)),
  link,
  [],
  [1, [2, [3, []]]],
  {},
  { a: 1, b: { c: [link, { d: null }] }, aa: "x", "🏡": [true], "\0seq": 7 },
];

/** Give how many bytes the walk takes, or undefined where it refuses them. */
function walked(bytes: Uint8Array): number | undefined {
  const reader = new CborReader(bytes);
  try {
    reader.skip();
  } catch (error) {
    assert.ok(error instanceof FrameError, `${error}`);
    return undefined;
  }
  return reader.at;
}

function decoded(bytes: Uint8Array): number | undefined {
  try {
    return bytes.length - decodeFirst(bytes)[1].length;
  } catch (error) {
    // The walk does not look into the texts that it skips.
    return /utf-8/i.test(`${error}`) ? NaN : undefined;
  }
}

Deno.test("every kind of item is walked over to its end", () => {
  for (const value of VALUES) {
    const bytes = encode([value, value]);
    assert.equal(walked(bytes), bytes.length, JSON.stringify(value));
  }
});

Deno.test("items that are cut off anywhere are refused", () => {
  const bytes = encode(VALUES);
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(walked(bytes.subarray(0, length)), undefined, `${length} bytes`);
  }
});

Deno.test("of 30,000 damaged items the same are refused as by @atcute/cbor", () => {
  const random = randomNumbers(42);
  const items = VALUES.map((value) => encode({ key: value, more: [value, { x: value }] }));
  let refused = 0;
  for (let round = 0; round < 30_000; round++) {
    const [one, other] = [items[random(items.length)]!, items[random(items.length)]!];
    const damaged = mutate(one, other, random);
    const expected = decoded(damaged);
    const found = walked(damaged);
    if (found === undefined) refused++;
    // Deep nesting is refused by the walk alone.
    if (
      Number.isNaN(expected) ||
      damaged.subarray(0, 2000).filter((b) => b === 0x81).length > MAX_DEPTH / 2
    ) continue;
    assert.equal(found, expected, `round ${round}: ${damaged.subarray(0, 200).toHex()}`);
  }
  assert.ok(refused > 5000 && refused < 29_000, `${refused} refused`);
});

Deno.test("nesting is bounded, however deep it is", () => {
  const nested = (levels: number) => new Uint8Array(levels + 1).fill(0x81, 0, levels);
  assert.equal(walked(nested(MAX_DEPTH)), MAX_DEPTH + 1);
  assert.equal(walked(nested(MAX_DEPTH + 1)), undefined);
  assert.equal(walked(nested(5_000_000)), undefined);
});

Deno.test("keys are told apart by their code, whatever stands before them", () => {
  const read = (value: object) => {
    const reader = new CborReader(encode(value));
    const codes: number[] = [];
    let key = 0;
    for (let left = reader.map("a map"); left > 0; left--) {
      key = reader.key(key);
      codes.push(reader.code);
      reader.skip();
    }
    assert.ok(reader.isDone);
    return codes;
  };
  assert.deepEqual(read({ op: 1, seq: 2, blocks: 3, prevData: 4 }), [
    keyCode("op"),
    keyCode("seq"),
    keyCode("blocks"),
    0,
  ]);
  assert.deepEqual(read({ "\0seq": 1 }), [0]);
  assert.deepEqual(read({ "": 1 }), [0]);
});
