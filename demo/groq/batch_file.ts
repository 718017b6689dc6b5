/** The files of the loopback Groq (https://console.groq.com/docs/api-reference#files). */
import { GroqError, notFound } from "./groq_reply.ts";

/** The limits of a file of requests. */
const MAX_LINES = 50_000;
const MAX_BYTES = 200_000_000;
const NEWLINE = 0x0a;

interface BatchFile {
  id: string;
  object: "file";
  bytes: number;
  created_at: number;
  filename: string;
  purpose: "batch" | "batch_output";
}

/** Keeps the files that the demo's Groq is sent, and those that it writes, in memory. */
export class BatchFiles {
  readonly #files = new Map<string, { file: BatchFile; content: Uint8Array }>();
  #count = 0;

  constructor(readonly now: () => number) {}

  /** Take an upload, a form with `purpose` and `file`; throws 400 and 413 as Groq does. */
  async upload(contentType: string | undefined, body: Uint8Array): Promise<BatchFile> {
    const form = await readForm(contentType, body);
    const purpose = form.get("purpose");
    if (purpose !== "batch") {
      throw new GroqError(400, "invalid file purpose, supported values are: batch", {
        param: "purpose",
      });
    }
    const file = form.get("file");
    if (!(file instanceof File)) {
      throw new GroqError(400, "no file in the request", { param: "file" });
    }
    if (!file.name.endsWith(".jsonl")) {
      throw new GroqError(400, "only .jsonl files are supported", { param: "file" });
    }
    const content = new Uint8Array(await file.arrayBuffer());
    if (content.length > MAX_BYTES) {
      throw new GroqError(413, `Request Entity Too Large: a file has at most ${MAX_BYTES} bytes`);
    }
    const lines = countLines(content);
    if (lines > MAX_LINES) {
      throw new GroqError(400, `file has ${lines} lines, at most ${MAX_LINES} are supported`, {
        param: "file",
      });
    }
    return this.#keep(file.name, "batch", content);
  }

  /** Write lines as a file of results; undefined where there are none. */
  write(filename: string, lines: string[]): string | undefined {
    if (lines.length === 0) return undefined;
    const content = new TextEncoder().encode(lines.join("\n") + "\n");
    return this.#keep(filename, "batch_output", content).id;
  }

  /** Give the content of a file; throws 404 for an unknown one. */
  content(id: string): Uint8Array {
    return this.#find(id).content;
  }

  /** Give the description of a file; throws 404 for an unknown one. */
  describe(id: string): BatchFile {
    return this.#find(id).file;
  }

  list(): Record<string, unknown> {
    return { object: "list", data: [...this.#files.values()].map(({ file }) => file).reverse() };
  }

  /** Remove a file; throws 404 for an unknown one. */
  delete(id: string): Record<string, unknown> {
    this.#find(id);
    this.#files.delete(id);
    return { id, object: "file", deleted: true };
  }

  #find(id: string): { file: BatchFile; content: Uint8Array } {
    const found = this.#files.get(id);
    if (found === undefined) throw notFound(`file with id '${id}'`);
    return found;
  }

  #keep(filename: string, purpose: BatchFile["purpose"], content: Uint8Array): BatchFile {
    const file: BatchFile = {
      id: `file_${String(++this.#count).padStart(26, "0")}`,
      object: "file",
      bytes: content.length,
      created_at: Math.floor(this.now() / 1000),
      filename,
      purpose,
    };
    this.#files.set(file.id, { file, content });
    return file;
  }
}

async function readForm(contentType: string | undefined, body: Uint8Array): Promise<FormData> {
  try {
    const headers = { "content-type": contentType ?? "" };
    return await new Response(body as BodyInit, { headers }).formData();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new GroqError(400, "request Content-Type isn't multipart/form-data");
  }
}

function countLines(content: Uint8Array): number {
  let lines = 0;
  for (const byte of content) if (byte === NEWLINE) lines++;
  return content.length > 0 && content.at(-1) !== NEWLINE ? lines + 1 : lines;
}
