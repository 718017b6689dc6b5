import assert from "node:assert/strict";
import { encode } from "@atcute/cbor";
import { CborReader } from "../../../etl/atproto/cbor_reader.ts";
import { readTime } from "../../../etl/atproto/event_time.ts";
import { FrameError } from "../../../etl/atproto/frame_error.ts";
import { randomNumbers } from "./mutation.ts";

function read(text: unknown): number {
  const reader = new CborReader(encode(text));
  const time = readTime(reader);
  assert.ok(reader.isDone);
  return time;
}

Deno.test("a time is read as the runtime reads it, whichever was read before", () => {
  const random = randomNumbers(1);
  for (let i = 0; i < 20_000; i++) {
    const first = random(2) === 0 ? "2026-05-31T23:00:00Z" : "0001-01-01T00:00:00Z";
    const at = new Date(Date.parse(first) + random(7_200_000)).toISOString();
    const written = [
      at,
      at.replace("Z", "789Z"),
      at.slice(0, 19) + "Z",
      `${at.slice(0, 23)}+02:00`,
    ];
    const text = written[random(10)] ?? at;
    if (text.startsWith("0001") && text.endsWith("+02:00")) continue;
    assert.equal(read(text), Date.parse(text), text);
  }
});

Deno.test("a time that no clock shows is refused, also where its day was read before", () => {
  const day = "2026-02-28";
  const wrong = [
    `${day}T24:00:00.000Z`,
    `${day}T00:60:00.000Z`,
    `${day}T00:00:60.000Z`,
    `${day}t00:00:00.000z`,
    `${day}T00:00:00.00xZ`,
    `${day}T00:00:00,000Z`,
    `${day}T-1:00:00.000Z`,
    `${day} 00:00:00.000Z`,
    `${day}T00:00:00.0000`,
    "2026-02-30T00:00:00.000Z",
    "0000-01-01T00:00:00.000Z",
    "2026-02-2",
    "",
    7,
  ];
  for (const text of wrong) {
    assert.equal(read(`${day}T12:00:00.000Z`), Date.parse(`${day}T12:00:00Z`));
    assert.throws(() => read(text), FrameError, String(text));
  }
});
