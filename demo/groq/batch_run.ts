/** The work on a batch: every line is answered, or says why not. */
import { setImmediate } from "node:timers/promises";
import type { BatchFiles } from "./batch_file.ts";
import type { BatchInput, BatchLine } from "./batch_input.ts";
import { uniform } from "./invented_answer.ts";

/** How many lines are answered before others get their turn. */
const SLICE = 50;

export interface RequestCounts {
  total: number;
  completed: number;
  failed: number;
}

/** What a line is answered with. */
export interface LineResponse {
  status_code: number;
  request_id: string;
  body: unknown;
}
export type AnswerLine = (line: BatchLine) => LineResponse;

interface Job {
  id: string;
  request_counts: RequestCounts;
  input: BatchInput;
  /** How much of it is answered, from 0 to 1. */
  share: number;
  /** What the lines say that are not. */
  left: { code: string; why: string };
}

/** Answers the lines of a batch in an order of its own, beginning at once. */
export class BatchRun {
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
    // The requests of a batch that is done are of no more use.
    input.lines = [];
    this.isDone = true;
  }
}
