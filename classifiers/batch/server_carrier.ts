import type { OpenBatch } from "../../etl/batches/open_batch.ts";
import { EXIT, UserError } from "../../etl/run/error.ts";
import type { GroqBatch } from "../clients/groq_batch.ts";
import { GoneError } from "../clients/groq_refusal.ts";
import type { BatchCarrier, Standing, Store } from "./batch_carrier.ts";

/** How long a server may take; most are done sooner. */
const WINDOW = "24h";
const OVER = ["completed", "failed", "expired", "cancelled"];
/** Lines of a failed file that are named. */
const NAMED = 5;

/** Carries batches by the Batch API of a server. */
export class ServerCarrier implements BatchCarrier {
  readonly where: { host: string; folder: null };
  /** Files of a batch that is over, by its name. */
  readonly #answers = new Map<string, string[]>();

  constructor(readonly task: string, readonly server: GroqBatch) {
    this.where = { host: server.host, folder: null };
  }

  has({ host, name, folder }: OpenBatch): boolean {
    if (folder !== null) return false;
    if (host === this.server.host) return true;
    throw new UserError(
      `run ${this.task} --batch`,
      `the batch ${name} is at ${host}, not at ${this.server.host}`,
      `Set GROQ_BASE_URL as before (unset it for api.groq.com) until that batch has landed`,
      { exitCode: EXIT.usage },
    );
  }

  async send(_batch: OpenBatch, requests: string, store: Store): Promise<void> {
    const file_id = await this.server.uploadBatchFile(requests);
    await store({ stage: "uploaded", file_id });
    await this.#create(file_id, store);
  }

  async resume(batch: OpenBatch, isWhole: boolean, store: Store): Promise<boolean> {
    if (batch.stage === "written") {
      // The file may have arrived, but no batch was made of it.
      for (const id of await this.server.findFiles(`${batch.name}.requests.jsonl`)) {
        await this.server.deleteFile(id);
      }
      return false;
    }
    const file_id = batch.file_id!;
    const batch_id = await this.server.findBatchOfFile(file_id);
    if (batch_id !== undefined) {
      await store({ stage: "created", batch_id });
      return true;
    }
    if (!isWhole) {
      await this.server.deleteFile(file_id);
      return false;
    }
    try {
      await this.#create(file_id, store);
      return true;
    } catch (error) {
      if (error instanceof GoneError) return false;
      throw error;
    }
  }

  async look({ batch_id, name }: OpenBatch): Promise<Standing> {
    const batch = await this.server.retrieveBatch(batch_id!);
    if (batch === undefined) return { state: "lost" };
    const { status, counts, expiresAt, outputFileId, errorFileId, errors } = batch;
    if (!OVER.includes(status)) {
      const answered = counts.completed + counts.failed;
      return { state: "open", status, answered, expires_at: expiresAt?.toISOString() ?? null };
    }
    const files = [outputFileId, errorFileId].filter((id) => id !== undefined);
    this.#answers.set(name, files);
    const { server } = this;
    const lines = async function* () {
      for (const id of files) yield* server.downloadLines(id);
    };
    if (status !== "failed") return { state: "over", status, lines };
    const named = errors.slice(0, NAMED).map(({ code, line }) =>
      line === undefined ? code : `${code} in line ${line}`
    );
    const failure = `the server refused its file${named.length > 0 ? `: ${named.join(", ")}` : ""}`;
    return { state: "over", status, lines, failure };
  }

  async clear(batch: OpenBatch): Promise<void> {
    const { batch_id, file_id, name } = batch;
    const files = new Set(this.#answers.get(name));
    // An earlier run died after landing its answers and left these files.
    if (!this.#answers.has(name) && batch_id !== null) {
      const found = await this.server.retrieveBatch(batch_id);
      for (const id of [found?.outputFileId, found?.errorFileId]) if (id) files.add(id);
    }
    if (file_id !== null) files.add(file_id);
    for (const id of files) await this.server.deleteFile(id);
  }

  async #create(file_id: string, store: Store): Promise<void> {
    const batch_id = await this.server.createBatch(file_id, WINDOW);
    await store({ stage: "created", batch_id });
  }
}
