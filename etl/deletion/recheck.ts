import { type AccountState, type AppView, POSTS_AT_ONCE } from "../atproto/appview.ts";
import { POST_URI } from "../atproto/post.ts";
import type { Inputs } from "../raw/inputs.ts";
import { rawRows } from "../raw/raw_rows.ts";
import { readRemovals } from "../raw/removal.ts";
import { now } from "../run/clock.ts";
import type { Context } from "../command/command.ts";
import { UserError } from "../run/error.ts";
import { type Database, literal, row, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import { recheckFile, type RecheckState } from "./last_recheck.ts";
import { POSTS } from "../store/tables.ts";
import { type Found, subjectHashSql, writeTombstones } from "../raw/tombstone.ts";

/** Number of posts after which results are durable. */
const PAGE = 100 * POSTS_AT_ONCE;
/** If more than this share of a page is missing, the AppView is at fault and not the posts. */
const BELIEVABLE = 0.5;
/** Fewer posts are no evidence about the AppView. */
const FEW = 10;

/** The results of a round so far, and whether it is complete. */
export type Recheck = RecheckState & { posts: number; isComplete: boolean };

/**
 * Make the temporary table `kept` (subject_hash, uri, did, is_hidden): every uri in raw, contexts and archived posts too,
 * that this round has not asked about, that an AppView can look up, and that no tombstone removes. A
 * round that is complete is followed by a new one. Gives its state.
 */
export async function openRound(
  { paths, database }: Pick<Context, "paths" | "database">,
  inputs: Inputs,
  key: string,
): Promise<Recheck> {
  const last = recheckFile(paths).read();
  const state = last && last.completed_at === null ? last : {
    started_at: now().toISOString(),
    completed_at: null,
    after: "",
    asked: 0,
    posts_gone: 0,
    accounts_gone: 0,
    accounts_deactivated: 0,
    accounts_back: 0,
    unknown: 0,
  };
  const files = [...Object.values(inputs.raw).flat(), ...inputs.contexts];
  const removals = await readRemovals(database, inputs, files, key);
  await database.run(`CREATE OR REPLACE TEMP TABLE kept AS
    SELECT ${subjectHashSql(key, "uri")} AS subject_hash, uri, did,
      ${removals.isHidden()} AS is_hidden
    FROM (SELECT uri, any_value(did) AS did FROM (
        SELECT uri, did, event_time, rev, host, cursor, seen_at FROM ${rawRows(files)}
        UNION ALL SELECT uri, did, reference_time, rev, NULL, NULL, NULL FROM ${
    relation(POSTS, inputs.archivedPosts)
  }) v
      WHERE uri IS NOT NULL
        AND NOT ${
    removals.isRemoved({
      time: "v.event_time",
      uri: "v.uri",
      did: "v.did",
      rev: "v.rev",
      place: { host: "v.host", cursor: "v.cursor", seenAt: "v.seen_at" },
    })
  }
      GROUP BY uri) r
    WHERE subject_hash > ${literal(state.after)} AND regexp_full_match(uri, ${literal(POST_URI)})`);
  const { posts } = await row<{ posts: number }>(database, "SELECT count(*) AS posts FROM kept");
  return { ...state, posts: state.asked + posts, isComplete: false };
}

/**
 * Ask an AppView for every post of `kept`, in the order of keyed hashes, and land a tombstone of each
 * that is gone: of its account where the account is gone too.
 *
 * Durable page by page, so that the next run continues a stopped or killed one. Throws, without believing the
 * page, where nearly everything in it is missing.
 */
export async function askRound(
  context: Context,
  round: Recheck,
  appView: AppView,
  key: string,
): Promise<Recheck> {
  const { paths, database, progress, signal } = context;
  const accounts = new Map<string, AccountState>();
  let { posts, isComplete, ...state } = round;
  while (!signal.aborted && !isComplete) {
    const page = await nextPage(database, state.after);
    const answer = await askPage(
      appView,
      page,
      (asked) =>
        progress.update(() =>
          `${state.asked + asked} of ${posts} posts asked about, ${state.posts_gone} gone`
        ),
    );
    if (answer.asked.length >= FEW && answer.missing.length > answer.asked.length * BELIEVABLE) {
      throw emptyAppView(appView.host, answer.missing.length, answer.asked.length);
    }
    const found = await judge(answer, accounts, appView);
    // Stopped while asking for authors: the page is asked again.
    if (found === undefined) break;
    await writeTombstones(database, paths, key, appView.host, found.tombstones);
    state = { ...add(state, found), asked: state.asked + answer.asked.length };
    state.after = answer.asked.at(-1)?.subject_hash ?? state.after;
    isComplete = answer.asked.length === page.length && page.length < PAGE;
    if (isComplete) state.completed_at = now().toISOString();
    await recheckFile(paths).write(state);
  }
  return { ...state, posts, isComplete };
}

interface Kept {
  subject_hash: string;
  uri: string;
  did: string;
  is_hidden: boolean;
}

function nextPage(database: Database, after: string): Promise<Kept[]> {
  return rows<Kept & Record<string, unknown>>(
    database,
    `SELECT * FROM kept WHERE subject_hash > ${literal(after)} ORDER BY subject_hash LIMIT ${PAGE}`,
  );
}

interface Answer {
  /** A page, or the part of it that was asked before the stop. */
  asked: Kept[];
  missing: Kept[];
  /** Posts that exist although their author was deactivated. */
  back: Kept[];
  unknown: number;
}

async function askPage(
  appView: AppView,
  page: Kept[],
  onProgress: (asked: number) => void,
): Promise<Answer> {
  const answer: Answer = { asked: [], missing: [], back: [], unknown: 0 };
  for (let from = 0; from < page.length; from += POSTS_AT_ONCE) {
    const batch = page.slice(from, from + POSTS_AT_ONCE);
    const views = await appView.getPosts(batch.map(({ uri }) => uri));
    if (views === undefined) break;
    const there = new Set(views.map((view) => view.uri));
    answer.asked.push(...batch);
    const missing = batch.filter(({ uri }) => !there.has(uri));
    // An unreadable item may be any of the missing ones.
    if (there.has(undefined)) answer.unknown += missing.length;
    else answer.missing.push(...missing);
    answer.back.push(...batch.filter(({ uri, is_hidden }) => is_hidden && there.has(uri)));
    onProgress(answer.asked.length);
  }
  return answer;
}

interface Judged {
  tombstones: Found[];
  posts_gone: number;
  accounts_gone: number;
  accounts_deactivated: number;
  accounts_back: number;
  unknown: number;
}

/** Tell for each missing post whether it, or its whole account, is gone; `accounts` keeps known states. */
async function judge(
  { missing, back, unknown }: Answer,
  accounts: Map<string, AccountState>,
  appView: AppView,
): Promise<Judged | undefined> {
  const judged: Judged = {
    tombstones: [],
    posts_gone: 0,
    accounts_gone: 0,
    accounts_deactivated: 0,
    accounts_back: 0,
    unknown,
  };
  for (const { uri, did } of missing) {
    let account = accounts.get(did);
    const isNew = account === undefined;
    account ??= await appView.getAccountState(did);
    if (account === undefined) return undefined;
    accounts.set(did, account);
    if (account === "active") {
      judged.tombstones.push({ subject: uri, kind: "post", reason: "not_found" });
      judged.posts_gone++;
    } else if (account === "blocked") judged.unknown++;
    else if (isNew) {
      judged.tombstones.push({ subject: did, kind: "account", reason: account });
      if (account === "deactivated") judged.accounts_deactivated++;
      else judged.accounts_gone++;
    }
  }
  for (const did of new Set(back.map(({ did }) => did))) {
    judged.tombstones.push({ subject: did, kind: "account", reason: "active" });
    judged.accounts_back++;
  }
  return judged;
}

function add(state: RecheckState, judged: Judged): RecheckState {
  return {
    ...state,
    posts_gone: state.posts_gone + judged.posts_gone,
    accounts_gone: state.accounts_gone + judged.accounts_gone,
    accounts_deactivated: state.accounts_deactivated + judged.accounts_deactivated,
    accounts_back: state.accounts_back + judged.accounts_back,
    unknown: state.unknown + judged.unknown,
  };
}

function emptyAppView(host: string, missing: number, asked: number): UserError {
  return new UserError(
    "recheck posts",
    `${host} lacks ${missing} of ${asked} posts, which is implausible; none of them was removed`,
    "Check BLUESKY_APPVIEW or --appview; remove posts that are really gone with deno task forget",
  );
}
