import { partName } from "../store/part_name.ts";
import { COUNTS_JOURNAL, landAnswers, landLeftoverAnswers } from "../raw/answer_journal.ts";
import { type AppView, POSTS_AT_ONCE } from "../atproto/appview.ts";
import { appViewError } from "../atproto/appview_error.ts";
import { collectDueCounts, type DueCount, dueCounts } from "./due_count.ts";
import { now } from "../run/clock.ts";
import type { Context } from "../command/command.ts";
import { EXIT, UserError } from "../run/error.ts";
import { Journal } from "../store/journal.ts";
import { toJson } from "../store/json.ts";
import type { Quarantine } from "../store/quarantine.ts";

const DOING = "count posts again";
/** Posts of a segment: each becomes a part of `raw/counts`. */
const SEGMENT = 50_000;

/** The result of counting posts again. */
export interface CountsTaken {
  /** Posts that are old enough, whether or not this run reached them. */
  due: number;
  counted: number;
  /** Posts that the AppView no longer has. */
  gone: number;
}

/**
 * Count posts again that are 48 hours old, into `raw/counts`.
 *
 * 25 posts a request; each answer is durable before the next is asked for, so that a crash costs one
 * answer and the next run asks for the rest. An answer's invalid items are set aside in the
 * quarantine, and their posts stay due. The caller holds the lock of the source.
 */
export async function takeCounts(
  { database, paths, progress, signal }: Context,
  appView: AppView,
  quarantine: Quarantine,
  limit: number,
): Promise<{ counts: CountsTaken; errors: UserError[] }> {
  const errors = await landLeftoverAnswers(database, paths, COUNTS_JOURNAL);
  const { due, errors: damaged } = await collectDueCounts(database, paths);
  errors.push(...damaged);
  const counts: CountsTaken = { due, counted: 0, gone: 0 };
  const until = Math.min(due, limit);
  for (let from = 0; from < until && !signal.aborted;) {
    const journal = await Journal.create(paths.journal(COUNTS_JOURNAL.name), partName());
    const end = Math.min(until, from + SEGMENT);
    try {
      for (; from < end; from += POSTS_AT_ONCE) {
        const asked = await dueCounts(database, from, Math.min(POSTS_AT_ONCE, end - from));
        const answer = await countsOf(appView, asked, quarantine);
        if (answer === undefined) break;
        journal.append({ host: appView.host, seen_at: now().toISOString(), counts: answer });
        await quarantine.commit();
        await journal.commit();
        const gone = answer.filter(({ like_count }) => like_count === null).length;
        counts.gone += gone;
        counts.counted += answer.length - gone;
        progress.update(() => `${from + asked.length} of ${until} posts counted again`);
      }
    } catch (error) {
      if (error instanceof UserError && error.exitCode === EXIT.usage) throw error;
      errors.push(appViewError(DOING, appView, error));
    } finally {
      journal.close();
    }
    if (journal.bytes > 0) await landAnswers(database, paths, COUNTS_JOURNAL, journal.path);
    // The run is told to stop, or the AppView did not answer.
    if (from < end) break;
  }
  return { counts, errors };
}

/**
 * Ask for some posts and give their rows, undefined where the run is told to stop.
 *
 * A post that is neither in the answer nor among its invalid items is gone. Where an invalid item
 * does not say which post it is, the missing posts are unknown.
 */
async function countsOf(
  appView: AppView,
  asked: DueCount[],
  quarantine: Quarantine,
): Promise<Record<string, unknown>[] | undefined> {
  const answer = await appView.getPosts(asked.map(({ uri }) => uri));
  if (answer === undefined) return undefined;
  const views = new Map<string, object>();
  const unknown = new Set<string | undefined>();
  for (const item of answer) {
    if ("invalid" in item || item.like_count === null) {
      const [what, payload] = "invalid" in item ? [item.what, item.invalid] : ["likeCount", item];
      unknown.add(item.uri);
      quarantine.add("invalid_item", { uri: item.uri, what }, toJson(payload));
    } else {
      const { like_count, repost_count, reply_count, quote_count } = item;
      views.set(item.uri, { like_count, repost_count, reply_count, quote_count });
    }
  }
  const none = { like_count: null, repost_count: null, reply_count: null, quote_count: null };
  return asked.flatMap(({ uri, did, reference_time, written_at }) => {
    const counts = views.get(uri) ?? (unknown.has(uri) || unknown.has(undefined) ? [] : none);
    return Array.isArray(counts)
      ? []
      : { uri, did, event_time: reference_time, written_at, ...counts };
  });
}
