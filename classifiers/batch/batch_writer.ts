import { partName } from "../../etl/store/part_name.ts";
import { basename } from "node:path";
import { batchPaths, type OpenBatch } from "../../etl/batches/open_batch.ts";
import { removeIfThere } from "../../etl/store/if_there.ts";
import { now } from "../../etl/run/clock.ts";
import { Journal } from "../../etl/store/journal.ts";
import { toJson } from "../../etl/store/json.ts";
import type { DataPaths } from "../../etl/store/paths.ts";
import { BATCH_ENDPOINT } from "../clients/groq_batch.ts";
import type { BatchedPost } from "../../etl/batches/batched_posts.ts";

/** Lines after which they go to disk. */
const COMMIT_AFTER = 200;

/** The label set, destination and model of a batch that a run writes. */
export type BatchHead = Pick<
  OpenBatch,
  "classifier" | "label_set_id" | "model" | "host" | "folder"
>;

/** Writes the requests of a batch, and which posts they are about. */
export class BatchWriter {
  readonly name: string;
  readonly #head: BatchHead;
  readonly #files: { requests: Journal; posts: Journal };
  requests = 0;
  /** Bytes of the file of requests. */
  bytes = 0;
  #posts = 0;
  #cost = 0;
  #isClosed = false;

  private constructor(head: BatchHead, name: string, requests: Journal, posts: Journal) {
    this.#head = head;
    this.name = name;
    this.#files = { requests, posts };
  }

  static async create(paths: DataPaths, head: BatchHead): Promise<BatchWriter> {
    const folder = paths.batches(head.classifier, head.label_set_id);
    const name = partName();
    const at = batchPaths(folder, name);
    const segment = (path: string) => basename(path, ".jsonl");
    return new BatchWriter(
      head,
      name,
      await Journal.create(folder, segment(at.requests)),
      await Journal.create(folder, segment(at.posts)),
    );
  }

  /** Ask with a request body, at an expected price in US dollars; gives the request's random id. */
  async ask(body: unknown, cost: number): Promise<string> {
    const custom_id = crypto.randomUUID();
    const line = { custom_id, method: "POST", url: BATCH_ENDPOINT, body };
    this.bytes += new TextEncoder().encode(toJson(line)).length + 1;
    this.#cost += cost;
    this.#files.requests.append(line);
    if (++this.requests % COMMIT_AFTER === 0) await this.#commit();
    return custom_id;
  }

  /** Record the post of a request. */
  note(post: BatchedPost): void {
    this.#posts++;
    this.#files.posts.append({ ...post });
  }

  /** Make both files durable, and give their batch. */
  async finish(): Promise<OpenBatch> {
    await this.#commit();
    this.#close();
    return {
      ...this.#head,
      name: this.name,
      stage: "written",
      posts: this.#posts,
      requests: this.requests,
      cost: this.#cost,
      written_at: now().toISOString(),
      file_id: null,
      batch_id: null,
      status: null,
      looked_at: null,
      answered: 0,
      expires_at: null,
    };
  }

  /** Remove both files. */
  async discard(): Promise<void> {
    this.#close();
    const { requests, posts } = this.#files;
    for (const { path } of [requests, posts]) await removeIfThere(path);
  }

  async #commit(): Promise<void> {
    await this.#files.posts.commit();
    await this.#files.requests.commit();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#files.requests.close();
    this.#files.posts.close();
  }
}
