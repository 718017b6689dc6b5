import { CborReader, CID_BYTES, isCid, keyCode } from "./cbor_reader.ts";
import { FrameError } from "./frame_error.ts";

const ROOTS = keyCode("roots");
/** Bytes of a varint that fit into 53 bits. */
const LONGEST_VARINT = 7;

/**
 * A CAR v1 file whose blocks are found by CID without decoding or hashing any.
 *
 * It is not read before the first call of `block`.
 */
export class CarFile {
  /** Where the entry that was read last has its CID, and where it ends. */
  #start = 0;
  #end = 0;
  #calls = 0;
  #index: Map<string, Uint8Array> | undefined;
  #damage: FrameError | undefined;

  constructor(readonly bytes: Uint8Array) {}

  /**
   * Give the bytes of the first block under a CID (36 bytes), unchecked, as a view.
   *
   * Throws a `FrameError` where the file is damaged before that block, or the block is missing.
   */
  block(cid: Uint8Array): Uint8Array {
    // One look-up is a walk; for more, one walk over the whole file serves them all.
    this.#calls++;
    if (this.#calls > 1) return this.#indexed(cid);
    this.#readHeader();
    while (this.#readEntry()) {
      if (this.#isUnder(cid)) return this.bytes.subarray(this.#start + CID_BYTES, this.#end);
    }
    throw missing();
  }

  #indexed(cid: Uint8Array): Uint8Array {
    this.#index ??= this.#makeIndex();
    const block = this.#index.get(cidKey(cid, 0));
    if (block === undefined) throw this.#damage ?? missing();
    return block;
  }

  #makeIndex(): Map<string, Uint8Array> {
    const index = new Map<string, Uint8Array>();
    try {
      this.#readHeader();
      while (this.#readEntry()) {
        const key = cidKey(this.bytes, this.#start);
        if (index.has(key)) continue;
        index.set(key, this.bytes.subarray(this.#start + CID_BYTES, this.#end));
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      // Blocks before the damage are available.
      this.#damage = error;
    }
    return index;
  }

  #isUnder(cid: Uint8Array): boolean {
    for (let i = 0; i < CID_BYTES; i++) if (this.bytes[this.#start + i] !== cid[i]) return false;
    return true;
  }

  #readHeader(): void {
    this.#end = 0;
    this.#readLength();
    const reader = new CborReader(this.bytes.subarray(this.#start, this.#end));
    let [key, version, roots] = [0, 0, false];
    for (let left = reader.map("the header of the CAR file"); left > 0; left--) {
      key = reader.key(key);
      if (reader.code === ROOTS) {
        for (let n = reader.list("roots"); n > 0; n--) reader.cid("a root of the CAR file");
        roots = true;
      } else if (reader.latin1(key + 1, reader.at) === "version") {
        version = reader.unsigned("the version of the CAR file");
      } else reader.skip();
    }
    if (version !== 1 || !roots || !reader.isDone) throw damaged();
  }

  /** Go to the next entry; false at the end of the file. */
  #readEntry(): boolean {
    if (this.#end === this.bytes.length) return false;
    this.#readLength();
    if (this.#end - this.#start < CID_BYTES || !isCid(this.bytes, this.#start)) throw damaged();
    return true;
  }

  /** Read the varint at `#end` as the length of the section that follows. */
  #readLength(): void {
    const { bytes } = this;
    let at = this.#end;
    let length = 0;
    let scale = 1;
    for (let i = 0;; i++) {
      const byte = bytes[at++];
      if (byte === undefined || i === LONGEST_VARINT) throw damaged();
      length += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
    }
    if (length === 0 || length > bytes.length - at) throw damaged();
    this.#start = at;
    this.#end = at + length;
  }
}

/** Give a CID as a key that no other CID has. */
function cidKey(bytes: Uint8Array, at: number): string {
  return new CborReader(bytes).latin1(at, at + CID_BYTES);
}

function damaged(): FrameError {
  return new FrameError("the CAR file is damaged");
}

function missing(): FrameError {
  return new FrameError("the record's block is missing");
}
