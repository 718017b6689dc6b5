/** The accounts of the invented network: identifiers and signing keys derived from the id alone. */
import { createHash } from "node:crypto";
import { CODEC_RAW, fromDigest, toString } from "@atcute/cid";
import { type PrivateKey, Secp256k1PrivateKey } from "@atcute/crypto";

/** An invented account. */
export interface Account {
  id: string;
  did: `did:plc:${string}`;
  handle: string;
}

const keys = new Map<string, Promise<PrivateKey>>();

/** Name the account of an id: `did:plc:` and 24 base32 characters, `<id>.civicsky.test`. */
export function accountOf(id: string): Account {
  const cid = toString(fromDigest(CODEC_RAW, sha256(`account ${id}`)));
  return { id, did: `did:plc:${cid.slice(-24)}`, handle: `${id}.civicsky.test` };
}

/** Derive the secp256k1 key with which the account of an id signs its commits. */
export function signingKey(id: string): Promise<PrivateKey> {
  let key = keys.get(id);
  if (key === undefined) {
    key = Secp256k1PrivateKey.importRaw(new Uint8Array(sha256(`signing key ${id}`)));
    keys.set(id, key);
  }
  return key;
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
