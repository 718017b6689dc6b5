import { hash } from "node:crypto";
import { decode } from "@atcute/cbor";
import { CODEC_DCBOR, fromString } from "@atcute/cid";
import type { CarFile } from "./car_file.ts";
import { FrameError } from "./frame_error.ts";

/**
 * Give the decoded record with a CID from the CAR file of its commit.
 *
 * Throws a `FrameError` where the CAR is damaged, the block is missing, its bytes do not hash to the
 * CID (sha2-256), or they are not DAG-CBOR.
 */
export function recordOf(blocks: CarFile, cid: string): unknown {
  const { bytes, codec, digest } = fromString(cid);
  if (codec !== CODEC_DCBOR) throw new FrameError("the CID is not that of a record");
  const block = blocks.block(bytes);
  if (hash("sha256", block) !== digest.contents.toHex()) {
    throw new FrameError("the record's bytes do not match its CID");
  }
  try {
    return decode(block);
  } catch (cause) {
    throw new FrameError("the record is not DAG-CBOR", { cause });
  }
}
