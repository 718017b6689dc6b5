/** Damages bytes as networks, bugs and adversaries do, the same way for the same seed. */

/** Give a generator of whole numbers from 0 to below its argument (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * below);
  };
}

/** Bytes on which decoders of CBOR and of varints break: long lengths, tags, simple values. */
const NASTY = [0x00, 0x1b, 0x3b, 0x5b, 0x7b, 0x7f, 0x80, 0x9a, 0x9b, 0x9f, 0xa0, 0xbb, 0xd8, 0xff];

/** Give damaged bytes; `other` is a whole message to take pieces from. */
export function mutate(
  bytes: Uint8Array,
  other: Uint8Array,
  random: (below: number) => number,
): Uint8Array {
  const at = random(bytes.length);
  switch (random(11)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return join(bytes, other.subarray(0, 1 + random(8)));
    case 2:
      return join(bytes.subarray(0, at), bytes.subarray(at + 1 + random(4)));
    case 3:
      return join(
        bytes.subarray(0, at),
        bytes.subarray(at - random(at + 1), at),
        bytes.subarray(at),
      );
    case 4:
      return join(bytes.subarray(0, at), other.subarray(random(other.length)));
    case 5:
      return changed(bytes, random, 1, () => NASTY[random(NASTY.length)]!);
    case 6:
      return changed(bytes, random, 1 + random(20), () => random(256));
    case 7:
    case 8:
      return withOtherHead(bytes, random);
    case 9: {
      // Any item may become a list in a list in a list of itself.
      const heads = headsOf(bytes);
      const head = heads[random(heads.length)] ?? 0;
      const levels = new Uint8Array(1 + random(random(20) === 0 ? 50_000 : 200)).fill(0x81);
      return join(bytes.subarray(0, head), levels, bytes.subarray(head));
    }
    default:
      return changed(bytes, random, 1, (byte) => byte ^ (1 << random(8)));
  }
}

/** Change the type, the value or the length that one CBOR item announces. */
function withOtherHead(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const heads = headsOf(bytes);
  const at = heads[random(heads.length)] ?? 0;
  const [argument, end] = argumentAt(bytes, at);
  const type = random(4) === 0 ? random(8) : bytes[at]! >> 5;
  const values = [argument + 1, argument - 1, 0, 23, 24, argument * 2, 2 ** 31, 2 ** 32, 2 ** 53];
  const value = Math.max(0, values[random(values.length)]!);
  // 31 announces no length at all; 28 to 30 mean nothing.
  const info = random(10) === 0 ? 28 + random(4) : random(3) === 0 ? 24 + random(4) : 0;
  return join(bytes.subarray(0, at), headOf(type, value, info), bytes.subarray(end));
}

/** Write the head of an item; `info` asks for a certain width, 0 for the shortest. */
function headOf(type: number, value: number, info: number): Uint8Array {
  const least = value < 24
    ? value
    : value < 256
    ? 24
    : value < 65_536
    ? 25
    : value < 2 ** 32
    ? 26
    : 27;
  const chosen = info > 27 ? info : Math.max(info, least);
  const width = chosen < 24 || chosen > 27 ? 0 : 1 << (chosen - 24);
  const head = new Uint8Array(1 + width);
  head[0] = type << 5 | chosen;
  for (let i = width; i > 0; i--, value = Math.floor(value / 256)) head[i] = value % 256;
  return head;
}

/** Give where the items of a frame begin, those in the blocks of its CAR file included. */
export function headsOf(bytes: Uint8Array): number[] {
  const heads: number[] = [];
  walk(bytes, 0, bytes.length, heads);
  return heads;
}

/** Add where items begin; they follow each other without a gap, whatever holds whatever. */
function walk(bytes: Uint8Array, start: number, end: number, heads: number[]): void {
  for (let at = start; at < end;) {
    heads.push(at);
    const type = bytes[at]! >> 5;
    const [length, content] = argumentAt(bytes, at);
    at = content;
    if (type !== 2 && type !== 3) continue;
    if (type === 2 && length > 100) walkCar(bytes, at, Math.min(end, at + length), heads);
    at += length;
  }
}

function walkCar(bytes: Uint8Array, start: number, end: number, heads: number[]): void {
  for (let at = start; at < end;) {
    heads.push(at);
    let length = 0;
    for (let scale = 1; at < end; scale *= 128) {
      const byte = bytes[at++]!;
      length += (byte & 127) * scale;
      if (byte < 128) break;
    }
    // The header of the file has no CID before it.
    const content = heads.at(-1) === start ? at : at + 36;
    walk(bytes, content, Math.min(end, at + length), heads);
    at += length;
  }
}

function argumentAt(bytes: Uint8Array, at: number): [argument: number, end: number] {
  const info = bytes[at]! & 31;
  if (info < 24 || info > 27) return [info < 24 ? info : 0, at + 1];
  const end = at + 1 + (1 << (info - 24));
  let value = 0;
  for (let i = at + 1; i < end; i++) value = value * 256 + (bytes[i] ?? 0);
  return [value, end];
}

function changed(
  bytes: Uint8Array,
  random: (below: number) => number,
  times: number,
  change: (byte: number) => number,
): Uint8Array {
  const copy = bytes.slice();
  for (let i = 0; i < times; i++) {
    const at = random(copy.length);
    copy[at] = change(copy[at]!);
  }
  return copy;
}

/** Put pieces together. */
export function join(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
