import { z } from "zod";
import { ServiceError } from "../engine/contract/service_error.ts";

/** Every status that the API names; what a batch cost stands in its files from `completed` on. */
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
export type BatchStatus = typeof BATCH_STATUSES[number];

/** The id of a file or a batch: it becomes part of an address. */
export const FileId = z.string().regex(/^[\w.-]{1,200}$/);
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
export const BatchObject = z.object({
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

/** Give a batch of the API as ours; throws a fatal `ServiceError` where its status is unknown. */
export function checkBatch(batch: z.infer<typeof BatchObject>, host: string): Batch {
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
