import { partName } from "../store/part_name.ts";
import { now } from "../run/clock.ts";
import type { LabelReason } from "../labels/label_reason.ts";
import { Journal } from "../store/journal.ts";
import { toJson } from "../store/json.ts";

/** The paid answer about a post, or the reason for none: a line of a segment, not read yet. */
export interface Answer {
  /** For an anchor: the round of the request. */
  round?: number;
  /** The UTC day of the post's partition. */
  date: string;
  uri: string;
  cid: string | null;
  text_hash: string;
  /** sha256 of the whole request; null without one. */
  request_hash: string | null;
  /** As received; null without an answer. */
  answer: string | null;
  /** The post's place in a request of several posts, from 0. */
  place?: number;
  /** Label columns known at the time of the request. */
  about?: Record<string, unknown>;
  /** Why there is no label; null where the answer decides. */
  reason: LabelReason | null;
  /** ISO 8601. */
  received_at: string;
  run_id: string;
  /** US dollars that it cost; left out for zero. */
  price?: number;
}

/** What a paid service said of a post, for `answerOf`. */
export interface Said extends Pick<Answer, "answer" | "reason" | "place" | "about"> {
  /** Null without a request. */
  requestHash: string | null;
  runId: string;
  /** US dollars. */
  price?: number;
}

/** Give the line of a segment for a post that was just answered or refused. */
export function answerOf(
  { date, uri, cid, text_hash }: Pick<Answer, "date" | "uri" | "cid" | "text_hash">,
  { requestHash, answer, place, about, reason, runId, price = 0 }: Said,
): Answer {
  return {
    ...{ date, uri, cid, text_hash, request_hash: requestHash, answer },
    ...place === undefined ? {} : { place },
    ...about ? { about } : {},
    reason,
    received_at: now().toISOString(),
    run_id: runId,
    // Last, because the sum of prices looks for it there.
    ...price > 0 ? { price } : {},
  };
}

const SYNC_AFTER_MS = 200;
const SYNC_AFTER_ANSWERS = 50;
/** Free space that a segment begins with. */
const ROOM_BYTES = 4 * 2 ** 20;

interface Waiting {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * A segment of paid answers: JSON lines that reach the disk within 200 ms or 50 answers.
 *
 * Its writer holds the lock `classify-<label set id>`. `mergeAnswers` takes it from there.
 */
export class AnswerSegment {
  readonly #journal: Journal;
  readonly #repeated = new Map<string, { offset: number; bytes: number }>();
  #waiting: Waiting[] = [];
  #offset = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  #committing: Promise<void> | undefined;

  private constructor(journal: Journal, readonly round: number | undefined) {
    this.#journal = journal;
  }

  /**
   * Start a segment in a folder (`DataPaths.answers`), with a new name where none is given;
   * answers about anchors have a round.
   *
   * Throws a UserError where the disk has no room for a thousand answers: answers that do not fit would
   * be lost after payment.
   */
  static async create(
    folder: string,
    { round, name = partName() }: { round?: number; name?: string } = {},
  ): Promise<AnswerSegment> {
    const journal = await Journal.create(folder, name);
    try {
      await journal.probe(ROOM_BYTES);
      return new AnswerSegment(journal, round);
    } catch (error) {
      journal.close();
      throw error;
    }
  }

  get path(): string {
    return this.#journal.path;
  }

  /**
   * Append an answer; resolves when it is durable.
   *
   * `isRepeated` lets `find` give it. Throws a UserError where the disk is full; the answer then waits
   * in memory for the next `append` or `close`, which try again.
   */
  append(answer: Answer, isRepeated = false): Promise<void> {
    const line = this.round === undefined ? answer : { round: this.round, ...answer };
    this.#journal.append({ ...line });
    const bytes = new TextEncoder().encode(toJson(line)).length + 1;
    const place = { offset: this.#offset, bytes };
    this.#offset += bytes;
    return new Promise<void>((resolve, reject) => {
      const durable = () => {
        if (isRepeated && answer.request_hash) this.#repeated.set(answer.request_hash, place);
        resolve();
      };
      this.#waiting.push({ resolve: durable, reject });
      this.#schedule();
    });
  }

  /** Give the answer to a request of this run, if it was appended as repeated and is durable. */
  async find(requestHash: string): Promise<Answer | undefined> {
    const place = this.#repeated.get(requestHash);
    if (place === undefined) return undefined;
    using file = await Deno.open(this.path);
    await file.seek(place.offset, Deno.SeekMode.Start);
    const line = new Uint8Array(place.bytes);
    for (let got = 0; got < line.length;) {
      const count = await file.read(line.subarray(got));
      if (count === null) throw new Error("an answer's segment is shorter than what was written");
      got += count;
    }
    return JSON.parse(new TextDecoder().decode(line)) as Answer;
  }

  /** Make all appended answers durable, and close; a segment without answers is removed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    try {
      await this.#committing;
      await this.#journal.commit();
      this.#settle((waiting) => waiting.resolve());
    } catch (error) {
      this.#settle((waiting) => waiting.reject(error));
      throw error;
    } finally {
      this.#journal.close();
    }
  }

  /** Commit waiting answers, one commit after another. Never rejects: each `append` gets the error. */
  async #commit(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#committing || this.#isClosed) return;
    this.#committing = this.#commitAll();
    await this.#committing;
    this.#committing = undefined;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#waiting.length === 0 || this.#isClosed) return;
    if (this.#waiting.length >= SYNC_AFTER_ANSWERS) void this.#commit();
    else this.#timer ??= setTimeout(() => void this.#commit(), SYNC_AFTER_MS);
  }

  async #commitAll(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      await this.#journal.commit();
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }

  #settle(tell: (waiting: Waiting) => void): void {
    for (const waiting of this.#waiting) tell(waiting);
    this.#waiting = [];
  }
}
