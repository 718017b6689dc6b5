import { folderPaths, type OpenBatch } from "../../etl/batches/open_batch.ts";
import { ifThere, removeIfThere } from "../../etl/store/if_there.ts";
import { segmentLines } from "../../etl/store/journal.ts";
import { removeLeftovers, replaceFile } from "../../etl/store/whole_file.ts";
import type { BatchCarrier, Standing, Store } from "./batch_carrier.ts";

/** A file with fewer answers than requests counts as whole this long after its last change. */
const WHOLE_AFTER_MS = 600_000;

/** Puts batches into a folder, where `vllm run-batch` or a person answers them. */
export class FolderCarrier implements BatchCarrier {
  readonly where: { host: null; folder: string };

  constructor(readonly folder: string) {
    this.where = { host: null, folder };
  }

  has({ folder }: OpenBatch): boolean {
    return folder === this.folder;
  }

  async send({ name }: OpenBatch, requests: string, store: Store): Promise<void> {
    const place = folderPaths(this.folder, name).requests;
    await replaceFile(place, (beside) => Deno.copyFile(requests, beside));
    await store({ stage: "created" });
  }

  async resume({ name }: OpenBatch, isWhole: boolean, store: Store): Promise<boolean> {
    const place = folderPaths(this.folder, name).requests;
    await removeLeftovers(place);
    if (!isWhole) await removeIfThere(place);
    if (await ifThere(() => Deno.stat(place)) === undefined) return false;
    await store({ stage: "created" });
    return true;
  }

  async look({ name, requests, expires_at }: OpenBatch): Promise<Standing> {
    const place = folderPaths(this.folder, name);
    const written = await ifThere(() => Deno.stat(place.answers));
    if (written === undefined) {
      return await ifThere(() => Deno.stat(place.requests)) === undefined
        ? { state: "lost" }
        : { state: "open", status: "waiting", answered: 0, expires_at };
    }
    let answered = 0;
    for await (const line of segmentLines(place.answers)) if (line.trim() !== "") answered++;
    const age = Date.now() - (written.mtime?.getTime() ?? 0);
    if (answered < requests && age < WHOLE_AFTER_MS) {
      return { state: "open", status: "being_written", answered, expires_at };
    }
    return { state: "over", status: "completed", lines: () => segmentLines(place.answers) };
  }

  async clear({ name }: OpenBatch): Promise<void> {
    const { requests, answers } = folderPaths(this.folder, name);
    await removeIfThere(requests);
    await removeIfThere(answers);
  }

  /** Give the vLLM commands that answer the batches. */
  commands(batches: OpenBatch[]): string[] {
    return batches.map(({ name, model }) => {
      const { requests, answers } = folderPaths(this.folder, name);
      return `vllm run-batch -i ${quoted(requests)} -o ${quoted(answers)} --model ${quoted(model)}`;
    });
  }
}

/** Quote a word for a shell. */
function quoted(word: string): string {
  return /^[\w./:@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
