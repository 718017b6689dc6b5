import { partName } from "../store/part_name.ts";
import { CONTEXT_JOURNAL, landLeftoverAnswers } from "../raw/answer_journal.ts";
import { type AppView, POSTS_AT_ONCE } from "../atproto/appview.ts";
import { appViewError } from "../atproto/appview_error.ts";
import { delay } from "../run/pause.ts";
import { type ContextAnswer, readContexts } from "./context_answer.ts";
import { now } from "../run/clock.ts";
import type { Context } from "../command/command.ts";
import { EXIT, UserError } from "../run/error.ts";
import { Journal, leftSegments } from "../store/journal.ts";
import { lock } from "../store/lock.ts";
import { Quarantine } from "../store/quarantine.ts";
import { holdFiles } from "../store/reading.ts";
import { hashKey, subjectHash } from "../raw/tombstone.ts";

const DOING = "fetch contexts";
/** Bytes after which a segment is landed: parts of some 20,000 posts. */
const SEGMENT_BYTES = 8 * 1024 * 1024;
/** How long an AppView that failed is left alone. */
const PAUSE_MS = 60_000;
const LOCK_MS = 200;

/** The results for requested posts. */
export interface FetchedContexts {
  found: { uri: string; text: string; event_time: string | null }[];
  /** Posts that are missing or unreadable. */
  absent: string[];
}

/**
 * Fetches posts that ours reply to or quote into `raw/context`, 25 a request, through the journal.
 *
 * Each answer is durable before the next request. Runs on one data folder take turns, and none asks
 * for what another one has fetched.
 */
export class ContextFetcher {
  /** Errors that kept it from asking, each once; the run goes on without those posts. */
  readonly errors: UserError[] = [];
  readonly quarantine: Quarantine;
  #journal: Journal | undefined;
  /** Parts of `raw/context` whose rows the caller knows. */
  #known = new Set<string>();
  /** Whether the AppView was seen to have any post. */
  #isBelieved = false;
  #pausedUntil = 0;

  constructor(
    readonly context: Pick<Context, "database" | "paths" | "signal">,
    readonly appView: AppView,
  ) {
    this.quarantine = new Quarantine(context.paths, CONTEXT_JOURNAL.name);
  }

  /**
   * Ask for posts and give the results; posts without a result stay unknown.
   *
   * `witnesses` are posts that the AppView should have: an AppView that has none of the requested posts is
   * believed only if it has one of these. `readLanded` reads parts of `raw/context` that other runs
   * landed, and gives the uris that are still to be asked for. An AppView that fails is left alone for a
   * minute; its error is in `errors`. Throws where the login is refused, and where the journal cannot be
   * written.
   */
  async fetch(
    uris: string[],
    witnesses: string[],
    readLanded: (files: string[]) => Promise<string[]>,
  ): Promise<FetchedContexts> {
    const fetched: FetchedContexts = { found: [], absent: [] };
    if (uris.length === 0 || performance.now() < this.#pausedUntil) return fetched;
    await using held = await this.#hold();
    if (held === undefined) return fetched;
    await this.#takeTurn();
    const wanted = await this.#learn(uris, readLanded);
    for (let from = 0; from < wanted.length; from += POSTS_AT_ONCE) {
      const batch = wanted.slice(from, from + POSTS_AT_ONCE);
      const answer = await this.#ask(batch, witnesses).catch((error) => this.#fail(error));
      if (answer === undefined) break;
      await this.#write(answer);
      fetched.absent.push(...answer.absent.map(({ uri }) => uri));
      for (const { uri, text, event_time } of answer.found) {
        fetched.found.push({ uri, text, event_time });
      }
    }
    if (this.#journal && this.#journal.bytes > SEGMENT_BYTES) {
      await this.#land();
      for (const path of this.#landed()) this.#known.add(path);
    }
    return fetched;
  }

  /**
   * Land the journal of contexts, including leftovers of ended runs.
   *
   * Another run that is fetching right now does so in its turn.
   */
  async land(): Promise<void> {
    let held: AsyncDisposable;
    try {
      held = await lock(this.context.paths.locks(), CONTEXT_JOURNAL.lock, DOING);
    } catch (error) {
      if (!isBusy(error)) throw error;
      return;
    }
    await using _held = held;
    await this.#land();
    // A task that lands reads all of raw next, or has ended.
    for (const path of this.#landed()) this.#known.add(path);
  }

  async #land(): Promise<void> {
    const { database, paths } = this.context;
    this.#close();
    this.#say(...await landLeftoverAnswers(database, paths, CONTEXT_JOURNAL));
  }

  /** Read the unknown parts, and give the posts still to be asked for. */
  async #learn(
    uris: string[],
    readLanded: (files: string[]) => Promise<string[]>,
  ): Promise<string[]> {
    await using _files = await holdFiles(this.context.paths);
    const landed = this.#landed();
    const wanted = landed.length === 0 ? uris : await readLanded(landed);
    for (const path of landed) this.#known.add(path);
    return wanted;
  }

  /** Parts whose rows are not known yet. */
  #landed(): string[] {
    return this.context.paths.files("raw/context").map(({ path }) => path)
      .filter((path) => !this.#known.has(path));
  }

  /** Continue the segment of this run, unless another run has landed it or left one of its own. */
  async #takeTurn(): Promise<void> {
    const { paths } = this.context;
    const left = await leftSegments(paths.journal(CONTEXT_JOURNAL.name));
    const isAlone = left.every((path) => path === this.#journal?.path);
    if (!isAlone) await this.#land();
    else if (left.length === 0) this.#close();
  }

  async #ask(uris: string[], witnesses: string[]): Promise<ContextAnswer | undefined> {
    const { appView, quarantine } = this;
    const answer = await readContexts(appView, uris, quarantine);
    if (answer === undefined) return undefined;
    this.#isBelieved ||= answer.found.length > 0 ||
      answer.absent.some(({ status }) => status !== "not_found");
    if (!this.#isBelieved) {
      const seen = await appView.getPosts(witnesses.slice(0, POSTS_AT_ONCE));
      if (seen === undefined) return undefined;
      if (seen.length === 0) throw emptyAppView(appView.host);
      this.#isBelieved = true;
    }
    return answer;
  }

  async #write({ found, absent }: ContextAnswer): Promise<void> {
    const { paths } = this.context;
    const key = await hashKey(paths);
    this.#journal ??= await Journal.create(paths.journal(CONTEXT_JOURNAL.name), partName());
    await this.quarantine.commit();
    this.#journal.append({
      host: this.appView.host,
      seen_at: now().toISOString(),
      [CONTEXT_JOURNAL.name]: [
        ...found.map((post) => ({
          uri_hash: subjectHash(key, post.uri),
          status: "found",
          ...post,
        })),
        ...absent.map(({ uri, status }) => ({ uri_hash: subjectHash(key, uri), status })),
      ],
    });
    await this.#journal.commit();
  }

  #fail(error: unknown): undefined {
    if (error instanceof UserError && error.exitCode === EXIT.usage) throw error;
    this.#pausedUntil = performance.now() + PAUSE_MS;
    this.#say(appViewError(DOING, this.appView, error));
  }

  #say(...errors: UserError[]): void {
    for (const error of errors) {
      if (!this.errors.some(({ message }) => message === error.message)) this.errors.push(error);
    }
  }

  /** Wait for the lock, undefined where the run is told to stop. */
  async #hold(): Promise<AsyncDisposable | undefined> {
    const { paths, signal } = this.context;
    while (!signal.aborted) {
      try {
        return await lock(paths.locks(), CONTEXT_JOURNAL.lock, DOING);
      } catch (error) {
        if (!isBusy(error)) throw error;
      }
      await delay(LOCK_MS, signal);
    }
    return undefined;
  }

  #close(): void {
    try {
      this.#journal?.close();
    } catch (error) {
      // A segment without a line was already removed when the others landed.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    this.#journal = undefined;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof UserError && error.exitCode === EXIT.busy;
}

function emptyAppView(host: string): UserError {
  return new UserError(
    DOING,
    `${host} has none of the requested posts, and none of the study's own`,
    "Check BLUESKY_APPVIEW; posts that need its context stay pending",
    { exitCode: EXIT.failed },
  );
}
