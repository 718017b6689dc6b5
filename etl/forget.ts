import { ANSWER_JOURNALS, landLeftoverAnswers } from "./raw/answer_journal.ts";
import { appViewError } from "./atproto/appview_error.ts";
import { type Inputs, listInputs, withoutDamage } from "./raw/inputs.ts";
import { standingPosts } from "./preprocess/posts.ts";
import { landLeftovers } from "./raw/land.ts";
import { indexPosts } from "./preprocess/post_index.ts";
import { purge, type Purged } from "./deletion/purge.ts";
import { emptiedLines } from "./deletion/purge_quotes.ts";
import { askRound, openRound, type Recheck } from "./deletion/recheck.ts";
import { now } from "./run/clock.ts";
import type { Command, Context, Outcome } from "./command/command.ts";
import { EXIT, UserError } from "./run/error.ts";
import { baseUrl } from "./run/option.ts";
import { readPostUri } from "./import/post_uri.ts";
import { lock } from "./store/lock.ts";
import { holdFiles } from "./store/reading.ts";
import { type Found, hashKey, writeTombstones } from "./raw/tombstone.ts";
import { openAppView } from "./atproto/study_appview.ts";

const POST = /^at:\/\/([^/]+)\/app\.bsky\.feed\.post\/[\w.:~-]+$/;
/** Whatever did a row can have: sources take more than methods of dids give. */
const ACCOUNT = /^did:[a-z]+:[\w.:%-]+$/;
/**
 * A did:plc as https://web.plc.directory/spec/v0.1/did-plc says, a did:web with its host name, or a
 * did of another method.
 */
const WHOLE_ACCOUNT =
  /^did:(plc:[a-z2-7]{24}|web:([a-z0-9-]+(\.[a-z0-9-]+)+|localhost)(%3A\d+)?(:[\w.%-]+)*|(?!plc:|web:)[a-z]+:[\w.:%-]+)$/;

/** The task `forget`. */
export const command: Command = {
  task: "forget",
  description:
    "Remove posts (at://…, or links) or all posts of an account (did:…) from every table, and print a receipt.\n\n" +
    "It is for good: a keyed hash stays, by which whatever comes of them later is removed too, also\n" +
    "what an account writes afterwards. Numeric labels stay if study.yaml says so.\n\n" +
    "With --recheck it asks the AppView about every stored post and removes those that are gone: 25\n" +
    "posts per request, within its rate limit. You can stop it at any time; the next run continues.",
  arguments: [{
    name: "[subjects...]",
    description: "at:// URIs or links (https://bsky.app/profile/did:…/post/…) of posts, or dids",
  }],
  hasPrivateArguments: true,
  options: [
    { flags: "--recheck", description: "ask the AppView which posts are gone, and remove them" },
    {
      flags: "--appview <url>",
      description: "AppView to ask (default: BLUESKY_APPVIEW, then study.yaml)",
      parse: baseUrl("https:", "http:"),
    },
  ],
  examples: [
    "deno task forget at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3kabcdefghij2",
    "deno task forget did:plc:abcdefghijklmnopqrstuvwx",
    "deno task forget --recheck",
  ],
  holdsFiles: false,
  run: forget,
};

interface Options {
  recheck?: boolean;
  appview?: string;
}

async function forget(context: Context, options: Options, ...subjects: string[]): Promise<Outcome> {
  if (options.recheck && subjects.length === 0) return await recheck(context, options.appview);
  if (!options.recheck && subjects.length > 0) return await forgetSubjects(context, subjects);
  throw new UserError(
    "run forget",
    options.recheck ? "--recheck takes no subjects" : "nothing is named",
    "Name posts (at://…) or accounts (did:…), or check all of them with --recheck",
    { exitCode: EXIT.usage },
  );
}

async function forgetSubjects(context: Context, subjects: string[]): Promise<Outcome> {
  const { paths, database } = context;
  const named = subjects.map(readSubject);
  const found = [...new Map(named.map((one) => [one.subject, one] as const)).values()];
  for (const [index, { subject }] of named.entries()) {
    if (WHOLE_ACCOUNT.test(POST.exec(subject)?.[1] ?? subject)) continue;
    context.warn(`the did of argument ${index + 1} is none that its method gives: is it whole?`);
  }
  await using _lock = await lock(paths.locks(), "posts", "run forget");
  await using _files = await holdFiles(paths);
  const key = await hashKey(paths);
  const { running, errors } = await landJournals(context);
  const hashes = await writeTombstones(database, paths, key, "forget", found);
  const inputs = listInputs(paths);
  const purged = await purgeNow(context, inputs, key);
  const forgotten = found.map(({ kind }, index) => ({ kind, subject_hash: hashes[index] }));
  const summary = {
    at: now().toISOString(),
    forgotten,
    ...purged,
    after_deletion: context.study.after_deletion,
    still_collecting: running,
  };
  return { summary, text: receipt(summary), errors: [...errors, ...inputs.errors] };
}

async function recheck(context: Context, appview: string | undefined): Promise<Outcome> {
  const { paths, database } = context;
  await using _lock = await lock(paths.locks(), "recheck", "run forget --recheck");
  const key = await hashKey(paths);
  const appView = openAppView(context, appview);
  // Asking takes long, and preprocess may run meanwhile.
  const work = async <T>(something: (inputs: Inputs) => Promise<T>) => {
    await using _lock = await lock(paths.locks(), "posts", "run forget --recheck");
    await using _files = await holdFiles(paths);
    const inputs = listInputs(paths);
    return { inputs, result: await something(inputs) };
  };
  const { errors } = await landJournals(context);
  const opened = await work((inputs) =>
    withoutDamage(database, paths, inputs, "recheck posts", () => openRound(context, inputs, key))
  );
  const round = await askRound(context, opened.result, appView, key).catch((error) => {
    throw appViewError("recheck posts", appView, error);
  });
  const { inputs, result: purged } = await work((inputs) => purgeNow(context, inputs, key));
  const { after: _, ...summary } = { ...round, ...purged };
  return {
    summary,
    text: describeRound(summary),
    stopped: !round.isComplete,
    errors: [...errors, ...inputs.errors],
  };
}

/** Read a post or an account that `forget` is given; throws a usage error that does not repeat it. */
export function readSubject(given: string, index: number): Found {
  const link = /^https?:/i.test(given) ? readPostUri(given) : given;
  const text = typeof link === "string" ? link : link.uri;
  const author = POST.exec(text)?.[1];
  const kind = !ACCOUNT.test(author ?? text)
    ? undefined
    : author === undefined
    ? "account"
    : "post";
  if (kind !== undefined) return { subject: text, kind, reason: "asked" };
  // The ledger keeps this message, so it does not repeat the argument.
  throw new UserError(
    "forget that",
    `argument ${
      index + 1
    } is neither at://did:…/app.bsky.feed.post/…, a link with the did in it, nor a did:…`,
    "Name the author by did, not by handle: a handle may belong to another account by now",
    { exitCode: EXIT.usage },
  );
}

/** Land journals of ended runs, which tombstones do not reach; gives the sources still collecting. */
async function landJournals(
  { paths, database }: Context,
): Promise<{ running: string[]; errors: UserError[] }> {
  const running: string[] = [];
  const errors: UserError[] = [];
  for (const source of paths.names("journal")) {
    const answers = ANSWER_JOURNALS.find(({ name }) => name === source);
    try {
      const name = answers?.lock ?? `sync-${source}`;
      await using _lock = await lock(paths.locks(), name, "land the journal");
      const landed = answers
        ? await landLeftoverAnswers(database, paths, answers)
        : (await landLeftovers(database, paths, source)).errors;
      errors.push(...landed);
    } catch (error) {
      if (!(error instanceof UserError) || error.exitCode !== EXIT.busy) throw error;
      running.push(source);
    }
  }
  return { running, errors };
}

/** Apply all tombstones to all tables. */
async function purgeNow(context: Context, inputs: Inputs, key: string): Promise<Purged> {
  const { paths, database } = context;
  const { removals } = await withoutDamage(
    database,
    paths,
    inputs,
    "forget posts",
    async () => indexPosts(database, inputs, key, await standingPosts(database, paths, inputs)),
  );
  return await purge(context, removals);
}

function describeRound(round: Omit<Recheck, "after"> & Purged): string {
  const share = round.asked === 0 ? 0 : 100 * round.posts_gone / round.asked;
  return [
    `Asked about ${round.asked} of ${round.posts} posts since ${round.started_at}`,
    `  gone: ${round.posts_gone} posts (${share.toFixed(1)}%) and ${round.accounts_gone} accounts`,
    `  deactivated: ${round.accounts_deactivated} accounts; active again: ${round.accounts_back}`,
    `  unknown: ${round.unknown} posts`,
    ...purgedLines(round),
    ...round.isComplete ? [] : ["Run it again: it goes on where it ended."],
  ].join("\n");
}

function purgedLines({ removed_rows, emptied_answers }: Purged): string[] {
  const tables = Object.entries(removed_rows);
  const width = Math.max(0, ...tables.map(([table]) => table.length));
  return [
    tables.length > 0 ? "Removed rows, by table:" : "No table had a row to remove.",
    ...tables.map(([table, rows]) => `  ${table.padEnd(width)}  ${rows}`),
    ...emptiedLines(emptied_answers).map((line) => `Emptied: ${line}`),
  ];
}

function receipt(
  summary: Purged & {
    at: string;
    forgotten: { kind: string; subject_hash: string | undefined }[];
    after_deletion: string;
    still_collecting: string[];
  },
): string {
  const { forgotten, still_collecting } = summary;
  return [
    `Forgotten at ${summary.at}:`,
    ...forgotten.map(({ kind, subject_hash }) => `  ${kind} with the keyed hash ${subject_hash}`),
    ...purgedLines(summary),
    summary.after_deletion === "keep_numbers"
      ? "Kept: the keyed hash with its time, and numeric labels under it."
      : "Kept: the keyed hash with its time.",
    ...still_collecting.map((source) =>
      `${source} is being collected: its journal is purged once it has landed, by deno task preprocess.`
    ),
    "Run deno task aggregate to update the hourly counts. Copies outside this folder are up to you.",
  ].join("\n");
}
