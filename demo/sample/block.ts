/** Blocks of a repository (DAG-CBOR named by its SHA-256) and the CAR files that carry them. */
import { createHash } from "node:crypto";
import { writeCarStream } from "@atcute/car";
import { type CidLink, encode, fromCidLink, toCidLink } from "@atcute/cbor";
import { CODEC_DCBOR, CODEC_RAW, fromDigest } from "@atcute/cid";

/** A block of an invented repository: bytes under their CID. */
export interface Block {
  cid: CidLink;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Encode a value as DAG-CBOR and name it by its CID. */
export function blockOf(value: unknown): Block {
  const bytes = encode(value);
  return { cid: linkTo(CODEC_DCBOR, bytes), bytes };
}

/** Name a blob, such as an image, by the CID of its bytes. */
export function blobLink(bytes: Uint8Array): CidLink {
  return linkTo(CODEC_RAW, bytes);
}

/** Write a CAR v1 file with one root; blocks in the order given, not checked against their CIDs. */
export async function carFile(
  root: CidLink,
  blocks: Iterable<Block>,
): Promise<Uint8Array<ArrayBuffer>> {
  const entries = Array.from(blocks, ({ cid, bytes }) => ({
    cid: fromCidLink(cid).bytes,
    data: bytes,
  }));
  return await new Blob(await Array.fromAsync(writeCarStream([root], entries))).bytes();
}

function linkTo(codec: 85 | 113, bytes: Uint8Array): CidLink {
  return toCidLink(fromDigest(codec, createHash("sha256").update(bytes).digest()));
}
