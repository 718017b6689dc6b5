import { basename, join } from "node:path";
import { z } from "zod";
import { namesIn, removeIfThere } from "../store/if_there.ts";
import { StateFile } from "../store/state_file.ts";
import { removeLeftovers, sync } from "../store/whole_file.ts";
import type { DataPaths } from "../store/paths.ts";

/**
 * How far a batch has come. Each is on disk before the next one begins:
 *
 * - `written`: its files are whole; perhaps it is on its way
 * - `uploaded`: the server has its file, and perhaps made the batch
 * - `created`: the server has the batch, or the file lies in its folder
 * - `landed`: its answers are in the labels
 */
const STAGES = ["written", "uploaded", "created", "landed"] as const;

const OpenBatch = z.object({
  stage: z.enum(STAGES),
  /** The server that has it; null where its file lies in a folder. */
  host: z.string().nullable(),
  folder: z.string().nullable(),
  model: z.string(),
  posts: z.int(),
  requests: z.int(),
  /** Expected cost in US dollars. */
  cost: z.number(),
  written_at: z.string(),
  file_id: z.string().nullable(),
  batch_id: z.string().nullable(),
  /** As last reported. */
  status: z.string().nullable(),
  looked_at: z.string().nullable(),
  /** Requests answered by then. */
  answered: z.int(),
  expires_at: z.string().nullable(),
});

/** A batch of requests that is under way, and whose answers are not in the labels yet. */
export interface OpenBatch extends z.infer<typeof OpenBatch> {
  /** Name of its files; by time, so that they sort. */
  name: string;
  classifier: string;
  label_set_id: string;
}

/** The files of a batch. */
export interface BatchPaths {
  /** The state of the batch; it exists as long as the others. */
  state: string;
  /** Which post each request is about, one a line. */
  posts: string;
  /** The requests, one per line; it holds texts of posts, and is removed once sent. */
  requests: string;
}

/** Give where the files of a batch are. */
export function batchPaths(folder: string, name: string): BatchPaths {
  const path = (what: string) => join(folder, `${name}${what}`);
  return { state: path(".json"), posts: path(".posts.jsonl"), requests: path(".requests.jsonl") };
}

/** Give where a batch whose file lies in a folder is read, and where its answers are looked for. */
export function folderPaths(folder: string, name: string): { requests: string; answers: string } {
  return { requests: join(folder, `${name}.jsonl`), answers: join(folder, `${name}.out.jsonl`) };
}

/** Does the state of a batch say that its posts may be answered and paid for? */
export function isUnderWay({ stage }: OpenBatch): boolean {
  return stage === "uploaded" || stage === "created";
}

/** Read the state of the batches of a label set, the oldest first; throws where the state of one is damaged. */
export function openBatches(
  paths: DataPaths,
  classifier: string,
  labelSetId: string,
): OpenBatch[] {
  const folder = paths.batches(classifier, labelSetId);
  const batches: OpenBatch[] = [];
  for (const file of namesIn(folder).filter((name) => name.endsWith(".json"))) {
    // It may have landed since the listing.
    const known = stateFile(join(folder, file)).read();
    if (known === undefined) continue;
    batches.push({
      name: basename(file, ".json"),
      classifier,
      label_set_id: labelSetId,
      ...known,
    });
  }
  return batches;
}

/** Read the state of the batches of all label sets of a classifier, or of all classifiers. */
export function allOpenBatches(paths: DataPaths, classifier?: string): OpenBatch[] {
  const classifiers = classifier === undefined ? paths.names("batches") : [classifier];
  const found: OpenBatch[] = [];
  for (const name of classifiers) {
    for (const id of paths.names(`batches/${name}`)) {
      found.push(...openBatches(paths, name, id));
    }
  }
  return found;
}

/** Store the state of a batch durably. */
export async function storeBatch(paths: DataPaths, batch: OpenBatch): Promise<void> {
  const folder = paths.batches(batch.classifier, batch.label_set_id);
  const { state } = batchPaths(folder, batch.name);
  await removeLeftovers(state);
  await stateFile(state).write(OpenBatch.parse(batch));
}

/** Remove the files of a batch, the state last. */
export async function removeBatch(paths: DataPaths, batch: OpenBatch): Promise<void> {
  const folder = paths.batches(batch.classifier, batch.label_set_id);
  const { requests, posts, state } = batchPaths(folder, batch.name);
  for (const path of [requests, posts, state]) await removeIfThere(path);
  await sync(folder);
}

/**
 * Remove leftovers of killed runs in the folder of the batches of a label set: files that belong to none of
 * these, and requests that are sent.
 */
export async function sweepBatches(
  paths: DataPaths,
  batches: OpenBatch[],
  folder: string,
): Promise<void> {
  const known = new Set(batches.map(({ name }) => name));
  for (const file of namesIn(folder)) {
    if (!known.has(file.split(".")[0]!)) await removeIfThere(join(folder, file));
  }
  for (const { classifier, label_set_id, name, stage } of batches) {
    const { requests } = batchPaths(paths.batches(classifier, label_set_id), name);
    if (stage !== "written") await removeIfThere(requests);
  }
}

function stateFile(path: string) {
  return new StateFile(path, OpenBatch, {
    found: "it does not hold the state of a batch",
    remedy:
      "Restore it from a backup; without it and the file beside it that ends in .posts.jsonl, the " +
      "posts of the batch are asked for again, and paid for twice",
  });
}
