import { allOpenBatches, isUnderWay, type OpenBatch } from "../batches/open_batch.ts";
import type { DataPaths } from "../store/paths.ts";

/** A batch under way, as `deno task status` shows it: as its server last reported. */
export interface BatchStatus {
  classifier: string;
  label_set_id: string;
  batch: string;
  /** Name and port of the server, or the folder of its file. */
  where: string | null;
  posts: number;
  requests: number;
  /** Requests with an answer, according to the server. */
  answered: number;
  status: string;
  since: string;
  looked_at: string | null;
  expires_at: string | null;
}

/** Give the batches under way for the screen of `deno task status`, without asking a server. */
export function batchStatus(paths: DataPaths): BatchStatus[] {
  const batches = allOpenBatches(paths).filter(isUnderWay);
  return batches.map((batch: OpenBatch) => ({
    classifier: batch.classifier,
    label_set_id: batch.label_set_id,
    batch: batch.name,
    where: batch.host ?? batch.folder,
    posts: batch.posts,
    requests: batch.requests,
    answered: batch.answered,
    status: batch.status ?? "sent",
    since: batch.written_at,
    looked_at: batch.looked_at,
    expires_at: batch.expires_at,
  }));
}

/** Give the batches under way as rows of a table for people, its head first. */
export function batchLines(batches: BatchStatus[]): string[][] {
  const number = (value: number) => value.toLocaleString("en");
  return [
    ["open batches", "label set", "status", "since (UTC)", "looked at", "posts", "answered"],
    ...batches.map((batch) => [
      batch.classifier,
      batch.label_set_id,
      batch.status,
      batch.since.slice(0, 16),
      batch.looked_at?.slice(0, 16) ?? "not yet",
      number(batch.posts),
      number(batch.answered),
    ]),
  ];
}
