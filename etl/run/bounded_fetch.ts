/** An answer that is longer than any that was asked for can be. */
export class AnswerTooLong extends Error {
  override readonly name = "AnswerTooLong";
}

/**
 * Send a request whose answer may have so many bytes at most.
 *
 * They are counted as they arrive, behind the decompression: a few bytes could become gigabytes. The
 * body of a longer answer fails with an `AnswerTooLong`, and its connection is given up.
 */
export async function boundedFetch(
  most: number,
  input: URL | Request | string,
  init?: RequestInit,
): Promise<Response> {
  const response = await fetch(input, init);
  if (response.body === null) return response;
  let bytes = 0;
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(piece, body) {
      bytes += piece.length;
      if (bytes <= most) return body.enqueue(piece);
      throw new AnswerTooLong(`its answer is longer than ${Math.round(most / 1e6)} MB`);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(counted), { status, statusText, headers });
}
