import { z } from "zod";
import { ServiceError } from "../../etl/answers/service_error.ts";
import {
  GroqConnection,
  type GroqOptions,
  type ServerRequest,
  type Upload,
} from "./groq_connection.ts";
import { GoneError } from "./groq_refusal.ts";
import { readJson } from "../../etl/store/json.ts";
import { basename } from "node:path";

/** The most lines that the Batch API takes in one batch. Source: https://console.groq.com/docs/batch, 2026. */
export const MAX_BATCH_LINES = 50_000;
/** The most bytes that the file of a batch may have. Source: as of `MAX_BATCH_LINES`. */
export const MAX_BATCH_BYTES = 200_000_000;
/** Longer than an answer with its headers. */
const MOST_LINE_BYTES = 16_000_000;
/** Where each line of a batch goes. */
export const BATCH_ENDPOINT = "/v1/chat/completions";
const PAGE = 100;

/** Every status of the API; from `completed` on, the files of a batch hold its cost. */
export const BATCH_STATUSES = [
  "validating",
  "failed",
  "in_progress",
  "finalizing",
  "completed",
  "expired",
  "cancelling",
  "cancelled",
] as const;
/** A status of the Batch API. */
export type BatchStatus = typeof BATCH_STATUSES[number];

/** The id of a file or a batch: it becomes part of an address. */
const FileId = z.string().regex(/^[\w.-]{1,200}$/);
// OpenAI-compatible servers write null, nothing or an empty text where there is no file yet.
const optionalId = FileId.nullish().catch(undefined).transform((id) => id ?? undefined);
const seconds = z.number().nullish().catch(undefined)
  .transform((at) => at ? new Date(at * 1000) : undefined);
const count = z.int().min(0).catch(0);
const Problems = z.array(z.object({
  code: z.string().regex(/^[a-z_]{1,60}$/).catch("unknown"),
  line: z.int().nullish().catch(undefined).transform((line) => line ?? undefined),
}));
/** A batch as the API gives it. */
const BatchObject = z.object({
  id: FileId,
  status: z.string(),
  input_file_id: z.string().nullish().catch(undefined),
  created_at: z.number().catch(0),
  expires_at: seconds,
  output_file_id: optionalId,
  error_file_id: optionalId,
  request_counts: z.object({ total: count, completed: count, failed: count })
    .nullish().catch(undefined)
    .transform((counts) => counts ?? { total: 0, completed: 0, failed: 0 }),
  // OpenAI has a list within an object, others the list itself.
  errors: z.union([Problems, z.object({ data: Problems }).transform(({ data }) => data)])
    .nullish().catch(undefined).transform((problems) => problems ?? []),
});
/** A batch as its server describes it. */
export interface Batch {
  id: string;
  status: BatchStatus;
  counts: { total: number; completed: number; failed: number };
  /** Answers; in a batch that expired or was cancelled, those that were ready. */
  outputFileId: string | undefined;
  /** Lines that were refused, or not reached. */
  errorFileId: string | undefined;
  expiresAt: Date | undefined;
  /** Why a batch failed as a whole, by line of its file; messages may quote posts and are left out. */
  errors: { code: string; line: number | undefined }[];
}

const List = z.object({
  data: z.array(z.unknown()).nullable(),
  /** Groq's cursor, */
  paging: z.object({ next_cursor: z.string().nullish() }).nullish().catch(undefined),
  /** and what OpenAI has in its place. */
  has_more: z.boolean().nullish().catch(undefined),
  last_id: z.string().nullish().catch(undefined),
});
const Created = z.object({ id: FileId });

/**
 * Asks Groq's Batch API: a file of requests is uploaded, answered within its window, and downloaded.
 *
 * Methods throw a `ServiceError`, which is fatal where the API refuses the request. Source:
 * https://console.groq.com/docs/batch.
 */
export class GroqBatch {
  readonly #connection: GroqConnection;

  /** Throws a usage error where the base URL or the key cannot be one. */
  constructor(options: GroqOptions) {
    this.#connection = new GroqConnection(options);
  }

  /** Name and port of the server. */
  get host(): string {
    return this.#connection.host;
  }

  /** Upload a file of at most `MAX_BATCH_LINES` and `MAX_BATCH_BYTES`; gives the id of the file. */
  async uploadBatchFile(path: string): Promise<string> {
    const upload = (onProgress: () => void) => batchForm(path, onProgress);
    return (await this.#ask(Created, { method: "post", path: "/files", upload })).id;
  }

  /**
   * Begin a batch; `window` is a time such as `24h`, at most `7d`. Gives the id of the batch.
   *
   * After a temporary error there may still be a batch: see `findBatchOfFile`.
   */
  async createBatch(fileId: string, window: string): Promise<string> {
    const body = {
      input_file_id: fileId,
      endpoint: BATCH_ENDPOINT,
      completion_window: window,
    };
    return (await this.#ask(Created, { method: "post", path: "/batches", body })).id;
  }

  /**
   * Give the id of the batch that was made of a file, undefined where there is none.
   *
   * For a run that ended between making the batch and recording it. Among several it prefers those
   * that are not failed or cancelled, and among these the oldest.
   */
  async findBatchOfFile(fileId: string): Promise<string | undefined> {
    const found: z.infer<typeof BatchObject>[] = [];
    for await (const item of this.#list("batches")) {
      const batch = BatchObject.safeParse(item).data;
      if (batch?.input_file_id === fileId) found.push(batch);
    }
    const isLost = ({ status }: { status: string }) =>
      Number(["failed", "cancelling", "cancelled"].includes(status));
    found.sort((a, b) => isLost(a) - isLost(b) || a.created_at - b.created_at);
    return found[0]?.id;
  }

  /** Give the state of a batch, undefined where the server has none of that id (any more). */
  async retrieveBatch(id: string): Promise<Batch | undefined> {
    const asked = this.#ask(BatchObject, { method: "get", path: `/batches/${id}` });
    const batch = await this.#unlessGone(asked);
    return batch && checkBatch(batch, this.#connection.host);
  }

  /** Give the lines of a file as they arrive; a connection that breaks throws before a torn line. */
  async *downloadLines(fileId: string, signal?: AbortSignal): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    let pieces: string[] = [];
    let length = 0;
    const path = `/files/${fileId}/content`;
    const bytes = this.#connection.bytes({ method: "get", path, signal });
    for await (const piece of bytes) {
      const lines = decoder.decode(piece, { stream: true }).split("\n");
      pieces.push(lines.shift()!);
      length = lines.length > 0 ? 0 : length + piece.length;
      if (length > MOST_LINE_BYTES) {
        const message = `the file of ${this.#connection.host} is not one of lines`;
        throw new ServiceError("passing", "invalid_answer", message);
      }
      for (const next of lines) {
        const line = pieces.join("");
        pieces = [next];
        if (line.trim() !== "") yield line;
      }
    }
    const last = pieces.join("") + decoder.decode();
    if (last.trim() !== "") yield last;
  }

  /** Delete a file, and with it the posts in it; one that is gone already is no error. */
  async deleteFile(id: string): Promise<void> {
    await this.#unlessGone(this.#ask(z.object({}), { method: "delete", path: `/files/${id}` }));
  }

  /** Give the ids of uploaded files with a name: a run may have ended before it recorded one. */
  async findFiles(name: string): Promise<string[]> {
    const File = z.object({ id: FileId, filename: z.literal(name) });
    const ids: string[] = [];
    for await (const item of this.#list("files")) {
      const file = File.safeParse(item).data;
      if (file !== undefined) ids.push(file.id);
    }
    return ids;
  }

  async *#list(what: "batches" | "files"): AsyncGenerator<unknown> {
    const seen = new Set<string>();
    for (let next: Record<string, string> = {};;) {
      const query = { limit: PAGE, ...next };
      const list = await this.#ask(List, { method: "get", path: `/${what}`, query });
      yield* list.data ?? [];
      const cursor = list.paging?.next_cursor;
      if (cursor) next = { cursor };
      else if (list.has_more && list.last_id) next = { after: list.last_id };
      else return;
      const position = JSON.stringify(next);
      if (seen.has(position)) {
        const message = `${this.#connection.host} gives an endless list of ${what}`;
        throw new ServiceError("passing", "invalid_answer", message);
      }
      seen.add(position);
    }
  }

  async #ask<T>(schema: z.ZodType<T>, request: ServerRequest): Promise<T> {
    const { host } = this.#connection;
    const { body } = await this.#connection.text(request).catch((error) => {
      throw ofBatches(error, host);
    });
    const { data } = schema.safeParse(readJson(body));
    if (data !== undefined) return data;
    const message = `the answer of ${host} does not fit the Batch API`;
    throw new ServiceError("passing", "invalid_answer", message);
  }

  async #unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof GoneError) return undefined;
      throw error;
    }
  }
}

/** Give an error of a chat completion as one of the Batch API, in which no single post is at fault. */
function ofBatches(error: unknown, host: string): unknown {
  if (!(error instanceof ServiceError) || error.problem !== "rejected") return error;
  const found = /\(HTTP .*\)$/.exec(error.message)?.[0] ?? "";
  const message = `the Batch API of ${host} refuses the request ${found}`;
  return new ServiceError("fatal", null, message);
}

/** Give a batch of the API as ours; throws a fatal `ServiceError` where its status is unknown. */
function checkBatch(batch: z.infer<typeof BatchObject>, host: string): Batch {
  const status = BATCH_STATUSES.find((known) => known === batch.status);
  if (status === undefined) {
    const said = /^[a-z_]{1,40}$/.test(batch.status) ? `"${batch.status}"` : "unreadable";
    const message =
      `the status of batch ${batch.id} at ${host} is ${said}, which this release does ` +
      "not know; nothing was done about it";
    throw new ServiceError("fatal", null, message);
  }
  return {
    id: batch.id,
    status,
    counts: batch.request_counts,
    outputFileId: batch.output_file_id,
    errorFileId: batch.error_file_id,
    expiresAt: batch.expires_at,
    errors: batch.errors,
  };
}

/**
 * Make the form by which a batch file is uploaded.
 *
 * The SDK's own form reads the whole file into memory first. `onProgress` is called with every piece that
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
