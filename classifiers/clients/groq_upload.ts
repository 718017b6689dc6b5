import { basename } from "node:path";

/** A form with one file, as `multipart/form-data` (RFC 7578), read while it is sent. */
export interface Upload {
  headers: Record<string, string>;
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * Make the form by which a batch file is uploaded.
 *
 * The SDK's own reads the whole file into memory first. `onProgress` is called with every piece that
 * is taken. The file is closed with the stream.
 */
export async function batchForm(path: string, onProgress: () => void): Promise<Upload> {
  const file = await Deno.open(path);
  const boundary = `civicsky-${crypto.randomUUID()}`;
  const name = basename(path).replaceAll(/["\r\n]/g, "_");
  const encoder = new TextEncoder();
  const head = encoder.encode(
    `--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n` +
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\n` +
      "content-type: application/jsonl\r\n\r\n",
  );
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`);
  const body = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    start: (form) => form.enqueue(head),
    transform(piece, form) {
      onProgress();
      form.enqueue(piece);
    },
    flush: (form) => form.enqueue(tail),
  });
  return {
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body: file.readable.pipeThrough(body),
  };
}
