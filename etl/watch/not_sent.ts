/** A message that did not reach anybody, and why, without any address. */
export class NotSent extends Error {
  override readonly name = "NotSent";
}
