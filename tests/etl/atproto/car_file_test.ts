import assert from "node:assert/strict";
import { fromCidLink, toCidLink } from "@atcute/cbor";
import { CODEC_DCBOR, fromDigest } from "@atcute/cid";
import { carOf } from "../../bench/inputs/frames.ts";
import { blockOf, carFile } from "../../../demo/sample/block.ts";
import { CarFile } from "../../../etl/atproto/car_file.ts";
import { FrameError } from "../../../etl/atproto/frame_error.ts";

const blocks = Array.from({ length: 300 }, (_, i) => blockOf({ i, text: "x".repeat(i) }));
const [root] = blocks.map(({ cid }) => cid) as [typeof blocks[0]["cid"]];
const bytes = await carFile(root, blocks);
const cidOf = (i: number) => fromCidLink(blocks[i]!.cid).bytes;

const problem = (block: () => unknown) => {
  try {
    block();
  } catch (error) {
    assert.ok(error instanceof FrameError, `${error}`);
    return error.message;
  }
  return "none";
};

Deno.test("every block is found by its CID, in any order and again", () => {
  assert.deepEqual(bytes, carOf(root, blocks));
  const file = new CarFile(bytes);
  for (const i of [299, 0, 17, 299, 0, 1]) assert.deepEqual(file.block(cidOf(i)), blocks[i]!.bytes);
});

Deno.test("CIDs are compared to their last byte", () => {
  const digest = fromCidLink(blocks[3]!.cid).digest.contents.slice();
  digest[31]! ^= 1;
  const almost = { cid: toCidLink(fromDigest(CODEC_DCBOR, digest)), bytes: blocks[4]!.bytes };
  const file = new CarFile(carOf(root, [almost, blocks[3]!]));
  for (let call = 0; call < 2; call++) assert.deepEqual(file.block(cidOf(3)), blocks[3]!.bytes);
});

Deno.test("of two blocks under one CID the first is given", () => {
  const other = { cid: blocks[3]!.cid, bytes: blocks[4]!.bytes };
  const file = new CarFile(carOf(root, [blocks[0]!, blocks[3]!, other]));
  for (let call = 0; call < 3; call++) assert.deepEqual(file.block(cidOf(3)), blocks[3]!.bytes);
});

Deno.test("what stands before a damage is found, what stands behind it is not", () => {
  const damaged = bytes.slice(0, -20);
  const file = new CarFile(damaged);
  const last = () => file.block(cidOf(299));
  for (let call = 0; call < 2; call++) assert.equal(problem(last), "the CAR file is damaged");
  assert.deepEqual(file.block(cidOf(298)), blocks[298]!.bytes);
});

Deno.test("a block that is not there is said to be missing", () => {
  const file = new CarFile(carOf(root, blocks.slice(0, 5)));
  const message = "the record's block is missing";
  for (let call = 0; call < 2; call++) assert.equal(problem(() => file.block(cidOf(6))), message);
});

Deno.test("what is no CAR file is refused", () => {
  const header = (value: object) => {
    const { bytes } = blockOf(value);
    return new Uint8Array([bytes.length, ...bytes]);
  };
  const wrong = [
    new Uint8Array(),
    new Uint8Array([0]),
    new Uint8Array(20).fill(0xff),
    new TextEncoder().encode("not a CAR"),
    header({ version: 1 }),
    header({ roots: [root] }),
    header({ roots: [root], version: 2 }),
    header({ roots: "no", version: 1 }),
    header([root]),
  ];
  for (const file of wrong) {
    assert.notEqual(problem(() => new CarFile(file).block(cidOf(0))), "none");
    assert.notEqual(
      problem(() => new CarFile(file).block(cidOf(0))),
      "the record's block is missing",
    );
  }
  assert.equal(
    problem(() => new CarFile(header({ roots: [root], version: 1 })).block(cidOf(0))),
    "the record's block is missing",
  );
});
