/** The batches of the loopback Groq (https://console.groq.com/docs/batch). */
import { setImmediate, setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { BatchFiles } from "./batch_file.ts";
import { BATCH_URL, type BatchInput, type BatchLine, readBatchInput } from "./batch_input.ts";
import { GroqError, notFound } from "./groq_reply.ts";
import { uniform } from "./invented_answer.ts";

/** When a batch moves to the next status: after a number of requests for it, or after a time. */
export type BatchStep = { polls: number } | { ms: number };

const WINDOW = /^(\d+)([hd])$/;
const HOURS: Record<string, number> = { h: 1, d: 24 };
const PAGE = 20;
/** How long the status waits for the work, so that the reported lines are done. */
const PATIENCE_MS = 1000;
const EXPIRED = "it could not be executed before the completion window expired";

const Creation = z.strictObject({
  input_file_id: z.string(),
  endpoint: z.literal(BATCH_URL),
  completion_window: z.string(),
  metadata: z.record(z.string(), z.string()).nullish(),
});

type Status =
  | "validating"
  | "failed"
  | "in_progress"
  | "finalizing"
  | "completed"
  | "expired"
  | "cancelling"
  | "cancelled";

interface Batch {
  id: string;
  status: Status;
  request_counts: RequestCounts;
  [key: string]: unknown;
}

/** The state of a batch that clients do not see. */
interface Work {
  batch: Batch;
  input: BatchInput;
  polls: number;
  /** Since when it has its status, in milliseconds. */
  since: number;
  run: BatchRun | undefined;
}

/** Runs the batches of the demo's Groq: each moves one step when it is requested, no earlier. */
export class Batches {
  /** This share of the requests of a batch is answered before it expires; at 1 it is completed. */
  shareDone = 1;
  readonly #works = new Map<string, Work>();

  constructor(
    readonly files: BatchFiles,
    readonly answer: AnswerLine,
    readonly now: () => number,
    readonly step: BatchStep,
  ) {}

  /** Create a batch from an uploaded file; throws 400 where the file is invalid. */
  create(body: unknown): Batch {
    const read = Creation.safeParse(body);
    if (!read.success) {
      const issue = read.error.issues[0]!;
      const param = issue.path.join(".");
      throw new GroqError(400, `'${param}' : ${issue.message}`, { param });
    }
    const { completion_window, input_file_id, metadata } = read.data;
    const [, amount, unit] = WINDOW.exec(completion_window) ?? [];
    const hours = Number(amount) * (HOURS[unit!] ?? NaN);
    if (!(hours >= 24 && hours <= 168)) {
      throw new GroqError(400, "completion_window must be between 24h and 7d", {
        param: "completion_window",
      });
    }
    if (this.files.describe(input_file_id).purpose !== "batch") {
      throw new GroqError(400, "the file's purpose is not batch", { param: "input_file_id" });
    }
    const batch: Batch = {
      id: `batch_${String(this.#works.size + 1).padStart(26, "0")}`,
      object: "batch",
      endpoint: BATCH_URL,
      errors: null,
      input_file_id,
      completion_window,
      status: "validating",
      output_file_id: null,
      error_file_id: null,
      finalizing_at: null,
      failed_at: null,
      expired_at: null,
      cancelled_at: null,
      request_counts: { total: 0, completed: 0, failed: 0 },
      metadata: metadata ?? null,
      created_at: this.#seconds(),
      expires_at: this.#seconds() + hours * 3600,
      cancelling_at: null,
      completed_at: null,
      in_progress_at: null,
    };
    const input = readBatchInput(this.files.content(input_file_id));
    const since = this.now();
    this.#works.set(batch.id, { batch, input, polls: 0, since, run: undefined });
    return batch;
  }

  /** Give a batch, after its due step; throws 404 for an unknown one. */
  async retrieve(id: string): Promise<Batch> {
    const work = this.#find(id);
    work.polls++;
    while (this.#isDue(work)) {
      const before = work.batch.status;
      await this.#advance(work);
      if (work.batch.status === before) break;
      work.polls = 0;
      work.since = "ms" in this.step ? work.since + this.step.ms : this.now();
    }
    return work.batch;
  }

  /** Give the batches with some ids, or a page of all, newest first, without any step. */
  async list(ids: string[], cursor: string | null): Promise<Record<string, unknown>> {
    if (ids.length > 0) {
      return { object: "list", data: await Promise.all(ids.map((id) => this.retrieve(id))) };
    }
    const all = [...this.#works.values()].map(({ batch }) => batch).reverse();
    const start = cursor === null ? 0 : Number(/^cursor_(\d+)$/.exec(cursor)?.[1] ?? NaN);
    if (Number.isNaN(start)) throw new GroqError(400, "invalid cursor", { param: "cursor" });
    const end = start + PAGE;
    const paging = { next_cursor: end < all.length ? `cursor_${end}` : null };
    return { object: "list", data: all.slice(start, end), paging };
  }

  /** Cancel a batch; what it has answered until then stays. */
  cancel(id: string): Batch {
    const work = this.#find(id);
    const { batch } = work;
    if (!["validating", "in_progress", "finalizing"].includes(batch.status)) {
      throw new GroqError(400, `a batch that is ${batch.status} cannot be cancelled`);
    }
    // Before it has begun, nothing is answered; then half is, unless all is already.
    const share = batch.status === "validating" ? 0 : 0.5;
    work.run ??= this.#start(work, share, "batch_cancelled", "the batch was cancelled");
    work.polls = 0;
    work.since = this.now();
    this.#enter(batch, "cancelling");
    return batch;
  }

  #find(id: string): Work {
    const work = this.#works.get(id);
    if (work === undefined) throw notFound(`batch with id '${id}'`);
    return work;
  }

  #isDue({ polls, since }: Work): boolean {
    return "ms" in this.step ? this.now() >= since + this.step.ms : polls >= this.step.polls;
  }

  async #advance(work: Work): Promise<void> {
    const { batch, input } = work;
    switch (batch.status) {
      case "validating":
        if (input.errors.length > 0) {
          batch.errors = input.errors;
          this.#enter(batch, "failed");
        } else {
          this.#enter(batch, "in_progress");
        }
        break;
      case "in_progress":
        work.run ??= this.#start(work, this.shareDone, "batch_expired", EXPIRED);
        await Promise.race([work.run.ended, delay(PATIENCE_MS, undefined, { ref: false })]);
        if (work.run.isDone) this.#enter(batch, work.run.share < 1 ? "expired" : "finalizing");
        break;
      case "finalizing":
        this.#enter(batch, "completed");
        break;
      case "cancelling":
        await work.run?.ended;
        this.#enter(batch, "cancelled");
        break;
    }
    // Its files exist from the moment it is over.
    if (["completed", "expired", "cancelled"].includes(batch.status)) {
      batch.output_file_id = work.run?.outputFile ?? null;
      batch.error_file_id = work.run?.errorFile ?? null;
      if (input.rejected.length > 0) batch.errors = input.rejected.map(({ error }) => error);
    }
  }

  #start({ batch, input }: Work, share: number, code: string, why: string): BatchRun {
    return new BatchRun({ ...batch, input, share, left: { code, why } }, this.answer, this.files);
  }

  #enter(batch: Batch, status: Status): void {
    batch.status = status;
    batch[`${status}_at`] = this.#seconds();
  }

  #seconds(): number {
    return Math.floor(this.now() / 1000);
  }
}

/** How many lines are answered before others get their turn. */
const SLICE = 50;

interface RequestCounts {
  total: number;
  completed: number;
  failed: number;
}

/** The answer of the demo's Batch API to a line. */
export interface LineResponse {
  status_code: number;
  request_id: string;
  body: unknown;
}
/** A line of an output file of the demo's Batch API. */
export type AnswerLine = (line: BatchLine) => LineResponse;

interface Job {
  id: string;
  request_counts: RequestCounts;
  input: BatchInput;
  /** How much of it is answered, from 0 to 1. */
  share: number;
  /** The error of unanswered lines. */
  left: { code: string; why: string };
}

/** The work on a batch: answers its lines in shuffled order, starting at once, or gives the error. */
class BatchRun {
  readonly share: number;
  /** When both files are written. */
  readonly ended: Promise<void>;
  isDone = false;
  outputFile: string | undefined;
  errorFile: string | undefined;

  constructor(job: Job, answer: AnswerLine, files: BatchFiles) {
    this.share = job.share;
    this.ended = this.#run(job, answer, files);
  }

  async #run(job: Job, answer: AnswerLine, files: BatchFiles): Promise<void> {
    const { id, request_counts: counts, input, left } = job;
    counts.total = input.lines.length + input.rejected.length;
    const order = new Map(input.lines.map((line) => [line, uniform(line.custom_id)]));
    const lines = input.lines.toSorted((a, b) => order.get(a)! - order.get(b)!);
    const answered = Math.floor(lines.length * this.share);
    const output: string[] = [];
    const errors: string[] = [];
    const add = (line: BatchLine, response: LineResponse | null, error: unknown) => {
      const isGood = response?.status_code === 200;
      const number = counts.completed + counts.failed + 1;
      counts[isGood ? "completed" : "failed"]++;
      const { custom_id } = line;
      const result = { id: `batch_req_${id}_${number}`, custom_id, response, error };
      (isGood ? output : errors).push(JSON.stringify(result));
    };
    for (const [index, line] of lines.entries()) {
      if (index % SLICE === SLICE - 1) await setImmediate();
      if (index < answered) add(line, answer(line), null);
      else add(line, null, { code: left.code, message: `Not executed: ${left.why}.` });
    }
    for (const { line, error } of input.rejected) add(line, null, error);
    this.outputFile = files.write(`${id}_output.jsonl`, output);
    this.errorFile = files.write(`${id}_error.jsonl`, errors);
    // The requests of a finished batch are not needed any more.
    input.lines = [];
    this.isDone = true;
  }
}
