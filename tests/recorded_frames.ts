/** Frames of a firehose as a server sent them, in a file: the length of each (32 bits), its bytes. */

export const FIXTURES = new URL("fixtures/", import.meta.url);

/** Read the frames of a recording in the order in which they came. */
export function readFrames(path: string | URL): Uint8Array<ArrayBuffer>[] {
  const bytes = Deno.readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const frames: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + view.getUint32(at);
    frames.push(bytes.slice(at + 4, end));
    at = end;
  }
  return frames;
}

export function writeFrames(path: string | URL, frames: Uint8Array[]): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  for (const frame of frames) {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, frame.length);
    for (const part of [length, frame]) {
      for (let at = 0; at < part.length;) at += file.writeSync(part.subarray(at));
    }
  }
}
