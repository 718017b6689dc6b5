import { Worker } from "node:worker_threads";
import type { Languages, Texts } from "./language.ts";
import { type Database, row } from "../store/duckdb.ts";

/** The version of the detector of languages; raised when the same text gets another language. */
export const DETECTOR = "eld 2.1 small";

const THREADS = 2;
/** Texts a query and a message. */
const PAGE = 20_480;
const BATCH = 2048;
/** Up to this number, texts are detected faster than a thread starts. */
const FEW = 500;
/** Messages that wait at each thread, so that it never idles while rows are read and written. */
const AHEAD = 2;
/**
 * The detector's tables take about 60 MB. Without limits V8 lets each thread grow to 300 MB before it
 * collects what is dead; a `Worker` of the web has no such limits.
 */
const LIMITS = { maxOldGenerationSizeMb: 160, maxYoungGenerationSizeMb: 8 };

interface Thread {
  worker: Worker;
  /** Messages without an answer yet, in order. */
  waiting: PromiseWithResolvers<Languages>[];
}

/** Detects languages: of few texts here, else in threads, each started when there is work for it. */
export class LanguagePool implements AsyncDisposable {
  #threads: Thread[] = [];
  #failure: Error | undefined;

  /**
   * Detect the languages of some texts.
   *
   * The answers carry the keys of their texts, in any order. Throws what a thread threw.
   */
  detect(texts: Texts): Promise<Languages> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#threads.length === 0 && texts?.length <= FEW) return this.#detectHere(texts);
    const thread = this.#freest();
    const answer = Promise.withResolvers<Languages>();
    thread.waiting.push(answer);
    thread.worker.postMessage(texts);
    return answer.promise;
  }

  async #detectHere(texts: Texts): Promise<Languages> {
    // Loaded when it is needed: it takes .15 s.
    const { languagesOf } = await import("./language.ts");
    return languagesOf(texts);
  }

  /** Loading the detector takes longer than a few thousand texts, so threads start only when needed. */
  #freest(): Thread {
    const [first, ...others] = this.#threads;
    const freest = others.reduce(
      (least, other) => other.waiting.length < least!.waiting.length ? other : least,
      first,
    );
    const isBusy = freest === undefined || freest.waiting.length > 0;
    if (!isBusy || this.#threads.length === THREADS) return freest!;
    const thread = this.#start();
    this.#threads.push(thread);
    return thread;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#failure ??= new Error("the language detector has ended");
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #start(): Thread {
    const worker = new Worker(new URL("./language_worker.ts", import.meta.url), {
      resourceLimits: LIMITS,
    });
    const thread: Thread = { worker, waiting: [] };
    worker.on("message", (languages: Languages) => thread.waiting.shift()!.resolve(languages));
    worker.on("error", (cause) => this.#fail(new Error("the language detector failed", { cause })));
    worker.on("exit", () => this.#fail(new Error("the language detector has ended")));
    return thread;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { waiting } of this.#threads) {
      for (const { reject } of waiting.splice(0)) reject(this.#failure);
    }
  }
}

/**
 * Make the temporary table `languages` of `texts`: version, detected_language,
 * detected_language_score; both null where there is nothing to detect.
 *
 * Gives false where the signal ended it early; the table is then incomplete.
 */
export async function detectLanguages(
  database: Database,
  pool: LanguagePool,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<boolean> {
  await database.run(`CREATE OR REPLACE TEMP TABLE languages
    (version BIGINT, detected_language VARCHAR, detected_language_score DOUBLE)`);
  const { texts } = await row<{ texts: number }>(database, "SELECT count(*) AS texts FROM texts");
  const appender = await database.createAppender("languages");
  const append = (languages: Languages) => {
    for (const [version, language, score] of languages) {
      appender.appendBigInt(BigInt(version));
      if (language === null) appender.appendNull();
      else appender.appendVarchar(language);
      if (score === null) appender.appendNull();
      else appender.appendDouble(score);
      appender.endRow();
    }
    onProgress(done += languages.length);
  };
  const waiting: Promise<Languages>[] = [];
  let done = 0;
  try {
    // A full appender silently ends a stream of its connection, so each page is
    // read whole.
    for (let first = 0; first < texts && !signal.aborted; first += PAGE) {
      const page = await database.runAndReadAll(
        `SELECT version::DOUBLE, bare_text FROM texts
         WHERE rowid >= ${first} AND rowid < ${first + PAGE}`,
      );
      const rows = page.getRows() as Texts;
      for (let from = 0; from < rows.length; from += BATCH) {
        waiting.push(pool.detect(rows.slice(from, from + BATCH)));
        if (waiting.length > THREADS * AHEAD) append(await waiting.shift()!);
      }
    }
    while (waiting.length > 0) append(await waiting.shift()!);
  } finally {
    // Waiting messages fail with the same error, which was already thrown.
    void Promise.allSettled(waiting);
    appender.closeSync();
  }
  if (signal.aborted) return false;
  if (done !== texts) throw new Error(`${texts - done} of ${texts} texts have no language`);
  return true;
}
