/** Requests and answers of the loopback Groq, for tests of a client. */
import { type ChatCompletionRequest } from "./chat_request.ts";
import { requestKey, type Usage } from "./chat_completion.ts";

/** Number of requests that are kept whole. */
const KEPT = 10_000;

/** Tokens that the demo's Groq was paid for. */
export interface Paid {
  requests: number;
  prompt_tokens: number;
  completion_tokens: number;
}

/** Counts the requests and answers of the demo's Groq; texts stay in memory. */
export class ChatRecord {
  /** When each live request came, in milliseconds of the server's clock, refused ones too. */
  readonly arrivals: number[] = [];
  /** Live requests by status; those that got none stand under 0. */
  readonly statuses = new Map<number, number>();
  /** Completions that were sent or written into a batch's output, by `requestKey`. */
  readonly answered = new Map<string, number>();
  /** The first 10,000 requests that were understood, live or of a batch, whatever became of them. */
  readonly requests: ChatCompletionRequest[] = [];
  readonly paid: { live: Paid; batch: Paid } = { live: nothing(), batch: nothing() };
  /** When each live answer was asked for, and its tokens. */
  readonly #used: { at: number; tokens: number }[] = [];

  /** Give the most live requests that came in any window of so many milliseconds. */
  mostWithin(ms: number): number {
    return most(this.arrivals.map((at) => ({ at, tokens: 1 })), ms);
  }

  /** Give the most tokens of live answers that were asked for in any window of so many milliseconds. */
  tokensWithin(ms: number): number {
    return most(this.#used.toSorted((a, b) => a.at - b.at), ms);
  }

  ask(request: ChatCompletionRequest): void {
    if (this.requests.length < KEPT) this.requests.push(request);
  }

  status(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }

  /** Note an answer; one of a batch came at no time that counts. */
  answer(request: ChatCompletionRequest, usage: Usage, at: number | undefined): void {
    const key = requestKey(request);
    this.answered.set(key, (this.answered.get(key) ?? 0) + 1);
    if (at !== undefined) this.#used.push({ at, tokens: usage.total_tokens });
    const paid = this.paid[at === undefined ? "batch" : "live"];
    paid.requests++;
    paid.prompt_tokens += usage.prompt_tokens;
    paid.completion_tokens += usage.completion_tokens;
  }
}

function nothing(): Paid {
  return { requests: 0, prompt_tokens: 0, completion_tokens: 0 };
}

function most(events: { at: number; tokens: number }[], ms: number): number {
  let first = 0;
  let within = 0;
  let found = 0;
  for (const { at, tokens } of events) {
    within += tokens;
    while (events[first]!.at <= at - ms) within -= events[first++]!.tokens;
    found = Math.max(found, within);
  }
  return found;
}
