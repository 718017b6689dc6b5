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
  switch (random(8)) {
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
    default:
      return changed(bytes, random, 1, (byte) => byte ^ (1 << random(8)));
  }
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

function join(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
