import { type Collected, collectStretch, type Stretch } from "./collection.ts";
import { landLeftovers } from "../raw/land.ts";
import { layWindows, type Owed, readOwed } from "../coverage/owed.ts";
import type { Command, Context, Outcome } from "../command/command.ts";
import {
  baseUrl,
  instant,
  positiveInteger,
  positiveNumber,
  runTime,
  urlVariable,
} from "../run/option.ts";
import type { Variable } from "../run/environment.ts";
import type { Study } from "../study/study.ts";
import { mergeSpans, type Span, totalLength } from "../coverage/span.ts";
import { lock } from "../store/lock.ts";
import type { Dialect, StreamSource } from "./stream_source.ts";
import { type Left, StreamProgress } from "./stream_progress.ts";
import type { Windows } from "../study/window.ts";

const HOUR_MS = 3_600_000;
/** Shorter spans are left to the next run: the present is always a little ahead. */
const ENOUGH_MS = 60_000;

interface Options {
  for?: number;
  hours?: number;
  minutes?: number;
  limit?: number;
  until?: Date;
  /** The option that names the host, under any name. */
  [host: string]: unknown;
}

/** The definition of a stream's task. */
export interface StreamTask extends Dialect {
  task: string;
  description: string;
  source: string;
  /** Such as `--relay <url>`. */
  hostFlags: string;
  hostDescription: string;
  examples: string[];
  /** How far back hosts replay, in milliseconds. */
  replayMs: number;
  settings(study: Study): { hosts: string[]; windows: Windows };
  /** The variable of the environment that names a host. */
  hostVariable: Variable;
  isFiltered?: boolean;
  /** What hosts of the older version speak. */
  older?: Dialect;
}

/** Declare the task of a stream: collect what is owed, or by hand. */
export function streamCommand(task: StreamTask): Command {
  return {
    task: task.task,
    description: task.description,
    options: [
      {
        flags: "--for <time>",
        description: "stop after this time, such as 4h or 10m",
        parse: runTime,
      },
      { flags: "--limit <n>", description: "stop after n posts", parse: positiveInteger },
      {
        flags: "--until <instant>",
        description: "stop when events reach this time",
        parse: instant,
      },
      {
        flags: task.hostFlags,
        description: task.hostDescription,
        parse: baseUrl("wss:", "ws:"),
      },
      {
        flags: "--hours <n>",
        description: "",
        parse: inUnit("h"),
        old: { notWith: ["for", "minutes"] },
      },
      { flags: "--minutes <n>", description: "", parse: inUnit("m"), old: { notWith: ["for"] } },
    ],
    examples: task.examples,
    holdsFiles: false,
    run: (context, options: Options) => run(context, task, options),
  };
}

function inUnit(unit: "h" | "m"): (text: string) => number {
  return (text) => {
    positiveNumber(text);
    return runTime(`${text}${unit}`);
  };
}

async function run(context: Context, task: StreamTask, options: Options): Promise<Outcome> {
  const { paths, database, progress } = context;
  const settings = task.settings(context.study);
  const flag = /--(\w+)/.exec(task.hostFlags)![1]!;
  const named = (options[flag] as string | undefined) ??
    urlVariable(task.hostVariable, "wss:", "ws:");
  const source: StreamSource = {
    name: task.source,
    hosts: named === undefined ? settings.hosts : [named],
    namedBy: `${task.hostVariable} or --${flag}`,
    ...atBase(task),
    replayMs: task.replayMs,
    isFiltered: task.isFiltered,
    older: task.older && atBase(task.older),
    olderHosts: new Set(),
  };
  await using _lock = await lock(paths.locks(), `sync-${task.source}`, `run ${task.task}`);
  const started = performance.now();
  const total = new Total();
  // Events received by a killed run are no longer owed.
  total.addLeftovers(await landLeftovers(database, paths, task.source));
  let messages: number | undefined;
  const collect = async (stretch: Stretch, left: () => Left) => {
    const said = new StreamProgress();
    messages ??= 0;
    const collected = await collectStretch(
      context,
      source,
      stretch,
      (collector, written) => {
        messages!++;
        progress.update(() => said.line(collector, written, left()));
      },
    );
    total.add(collected);
  };
  const { limit, until } = options;
  const ms = options.for ?? options.hours ?? options.minutes;
  let account: Owed | undefined;
  if (ms !== undefined || limit !== undefined || until !== undefined) {
    const stretch = { limit, until, ...(ms !== undefined && { ms }) };
    await collect(
      stretch,
      () => ms !== undefined ? { ms: started + ms - performance.now() } : undefined,
    );
  } else {
    await layWindows(database, paths, task.source, settings.windows);
    account = await collectOwed(context, task, collect);
  }
  const { owed, missed } = account ??
    await readOwed(database, paths, task.source, task.replayMs);
  const summary = {
    hosts: source.hosts.map((host) => new URL(host).host),
    ...total.counts(),
    owed_hours: inHours(owed.flatMap(({ open }) => open)),
    missed_hours: inHours(missed.flatMap(({ open }) => open)),
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
  const isMissed = missed.some(({ open }) => open.some((span) => totalLength([span]) >= ENOUGH_MS));
  if (isMissed) {
    context.warn(
      `${summary.missed_hours} hours of the last seven days' windows can no longer be collected`,
    );
  }
  const stopped = context.signal.aborted;
  const useless = total.errors.length > 0 || stopped ? undefined : uselessness(messages, summary);
  if (useless !== undefined) context.warn(useless);
  return { summary, text: describe(summary), stopped, errors: total.errors };
}

/** Take base URLs with a slash at their end as well. */
function atBase({ url, decoder, timeCursor, isTimed, note }: Dialect): Dialect {
  const atHost: Dialect["url"] = (host, cursor) => url(host.replace(/\/+$/, ""), cursor);
  return { url: atHost, decoder, timeCursor, isTimed, note };
}

/** Collect stretch by stretch until nothing is owed or a round brings nothing; gives the owed spans. */
async function collectOwed(
  { database, paths, signal }: Context,
  task: StreamTask,
  collect: (stretch: Stretch, left: () => Left) => Promise<void>,
): Promise<Owed> {
  for (let before = Infinity;;) {
    const account = await readOwed(database, paths, task.source, task.replayMs);
    const { owed, asked } = account;
    // A host leaves out moments, and would do so each time: they stay owed until they are out of reach.
    const open = mergeSpans(owed.flatMap((window) => window.open))
      .filter((span) => totalLength([span]) >= ENOUGH_MS);
    const length = totalLength(open);
    // So do hours that a host lacks; an immediate retry is useless.
    if (signal.aborted || length === 0 || length >= before) return account;
    before = length;
    for (const [index, { from, until }] of open.entries()) {
      if (signal.aborted) break;
      const owed = open.slice(index);
      const earliest = asked.find((span) => span.from <= from && from < span.until)?.from ?? from;
      await collect({ from, earliest, until }, () => ({ owed }));
    }
  }
}

const COUNTED = ["posts", "deletions", "events", "bytes", "repeated"] as const;

type Counts = Record<string, number>;

/** The counts of all stretches of a run. */
class Total {
  readonly errors: Collected["errors"] = [];
  #sum = { posts: 0, deletions: 0, events: 0, bytes: 0, repeated: 0 };
  #recovered = { recovered_posts: 0, recovered_deletions: 0 };
  #reconnects: Record<string, number> = {};
  #infos: Record<string, number> = {};
  #setAside: Record<string, number> = {};
  #lastEvent: string | null = null;

  add(collected: Collected): void {
    for (const key of COUNTED) this.#sum[key] += collected[key];
    addCounts(this.#reconnects, collected.reconnects);
    addCounts(this.#infos, collected.infos);
    addCounts(this.#setAside, collected.setAside);
    this.#lastEvent = collected.lastEvent ?? this.#lastEvent;
    this.errors.push(...collected.errors);
  }

  /** Add what an earlier run received: its events are not counted again. */
  addLeftovers({ posts, deletions, errors }: Awaited<ReturnType<typeof landLeftovers>>): void {
    this.#recovered.recovered_posts += posts;
    this.#recovered.recovered_deletions += deletions;
    this.errors.push(...errors);
  }

  counts() {
    const { bytes, ...sum } = this.#sum;
    return {
      ...sum,
      ...this.#recovered,
      megabytes: Math.round(bytes / 1e5) / 10,
      reconnects: this.#reconnects,
      infos: this.#infos,
      set_aside: this.#setAside,
      last_event: this.#lastEvent,
    };
  }
}

/** Say of a run that got nothing out of its hosts why; `messages` came, if any were asked for. */
function uselessness(
  messages: number | undefined,
  { hosts, seconds, set_aside }: { hosts: string[]; seconds: number; set_aside: Counts },
): string | undefined {
  const names = hosts.join(", ");
  if (messages === 0) return `${names} answered and sent nothing in ${seconds} s`;
  if (messages === undefined || set_aside.malformed_frame !== messages) return undefined;
  return `none of ${messages} messages of ${names} could be read: is it a host of this stream?`;
}

function addCounts(total: Record<string, number>, more: Record<string, number>): void {
  for (const [key, n] of Object.entries(more)) total[key] = (total[key] ?? 0) + n;
}

function inHours(spans: Span[]): number {
  return Math.round(totalLength(mergeSpans(spans)) / HOUR_MS * 100) / 100;
}

function describe(
  summary: ReturnType<Total["counts"]> & {
    hosts: string[];
    owed_hours: number;
    missed_hours: number;
    seconds: number;
  },
): string {
  const { recovered_posts, recovered_deletions } = summary;
  const list = (counts: Record<string, number>) =>
    Object.entries(counts).map(([reason, n]) => `${reason} ${n}`).join(", ");
  return [
    `Collected ${summary.posts} posts and ${summary.deletions} deletions from ${summary.hosts[0]}`,
    ...recovered_posts + recovered_deletions > 0
      ? [
        `  and landed ${recovered_posts} posts and ${recovered_deletions} deletions of an earlier run`,
      ]
      : [],
    `  ${summary.events} events, ${summary.megabytes} MB in ${summary.seconds} s, ` +
    `${summary.repeated} repeated events left out`,
    `  reconnects: ${list(summary.reconnects) || "none"}`,
    ...Object.keys(summary.infos).length > 0
      ? [`  messages from hosts: ${list(summary.infos)}`]
      : [],
    `  set aside: ${list(summary.set_aside) || "nothing"}`,
    `  last event: ${summary.last_event ?? "none"}`,
    `  owed: ${summary.owed_hours} h; can no longer be collected: ${summary.missed_hours} h`,
  ].join("\n");
}
