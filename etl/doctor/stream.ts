import { SUBSCRIBE_EVENTS } from "../atproto/jetstream_event.ts";
import { subscribe } from "../atproto/subscription.ts";
import { describeError } from "../run/error.ts";
import { urlVariable } from "../run/option.ts";
import { TIMEOUT_MS } from "./appview_answer.ts";
import type { Examination } from "./examination.ts";
import { type Finding, note, ok, problem, warning } from "./finding.ts";

/** A source that is a stream, as `doctor` examines it. */
export interface Stream {
  name: "firehose" | "jetstream";
  /** The word for its hosts. */
  called: string;
  variable: "BLUESKY_RELAY" | "BLUESKY_JETSTREAM";
  path: string;
  /** Where `study.yaml` names its hosts. */
  key: string;
  /** Hosts that are known to speak it. */
  known: RegExp;
}

/** The firehose, as `doctor` examines it. */
export const FIREHOSE: Stream = {
  name: "firehose",
  called: "relay",
  variable: "BLUESKY_RELAY",
  path: "/xrpc/com.atproto.sync.subscribeRepos",
  key: "sources.firehose.relays",
  known: /^(bsky\.network|relay1\.us-(east|west)\.bsky\.network)$/,
};

/** Jetstream, as `doctor` examines it. */
export const JETSTREAM: Stream = {
  name: "jetstream",
  called: "Jetstream host",
  variable: "BLUESKY_JETSTREAM",
  path: `/xrpc/${SUBSCRIBE_EVENTS}`,
  key: "sources.jetstream.servers",
  known: /^jetstream\.us-(east|west)\.bsky\.network$/,
};

/** They speak version 1 of Jetstream, which numbers nothing. */
const VERSION_1 = /^jetstream[12]\.us-(east|west)\.bsky\.network$/;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

/** Check the addresses of a stream, without asking any. */
export function streamAddresses(stream: Stream, examination: Examination): Finding[] {
  const hosts = hostsOf(stream, examination);
  const findings = hosts.flatMap((host): Finding[] => {
    const { protocol, hostname } = new URL(host);
    if (LOOPBACK.test(hostname)) return [];
    const where = `Check ${stream.variable} and ${stream.key} for typing errors`;
    if (VERSION_1.test(hostname)) {
      return [olderVersion(hostname, stream)];
    }
    if (protocol === "ws:") {
      return [warning(
        `${hostname} is read without encryption`,
        `Name it with wss:// in ${stream.key}, or ${stream.variable}`,
      )];
    }
    if (stream.known.test(hostname)) return [];
    return [
      note(`${hostname} is no ${stream.called} that civicsky knows`, `${where}; else leave it`),
    ];
  });
  return findings.length > 0 ? findings : [ok(`${hosts.length} known addresses (${stream.name})`)];
}

/** Connect to the hosts of a stream and hang up. */
export async function streamAnswers(
  stream: Stream,
  examination: Examination,
  timeoutMs = TIMEOUT_MS,
): Promise<Finding[]> {
  const hosts = hostsOf(stream, examination);
  const older = new Set<string>();
  const failures = (await Promise.all(
    hosts.map((host) => handshake(host, stream.path, examination.signal, timeoutMs, older)),
  )).filter((failure) => failure !== undefined);
  const [first] = failures;
  if (first === undefined) {
    const [named] = older;
    return named === undefined
      ? [ok(`${hosts.map(nameOf).join(", ")} answers`)]
      : [olderVersion(nameOf(named), stream)];
  }
  if (failures.length < hosts.length) {
    return [note(
      `${failures.join("; ")}; another ${stream.called} answers`,
      "Runs go on to the next host by themselves. If it persists, remove this one from the list",
    )];
  }
  const say = examination.study.daily.stream === stream.name ? problem : warning;
  return [say(
    `no ${stream.called} answers: ${failures.join("; ")}`,
    `Check the network and the addresses (${stream.key}, ${stream.variable})`,
  )];
}

function olderVersion(host: string, { key }: Stream): Finding {
  return note(
    `${host} serves version 1 of Jetstream: losses in its stream cannot be seen`,
    `It is read all the same. For version 2, name wss://jetstream.us-east.bsky.network in ${key}`,
  );
}

function hostsOf({ name, variable }: Stream, { study }: Examination): string[] {
  const named = urlVariable(variable, "wss:", "ws:");
  if (named !== undefined) return [named];
  const { firehose, jetstream } = study.sources;
  return (name === "firehose" ? firehose.relays : jetstream.servers)
    .map((host) => host.replace(/\/+$/, ""));
}

/** Give in words why a host refuses subscriptions, undefined where it accepts them, in `older` by version 1. */
async function handshake(
  host: string,
  path: string,
  signal: AbortSignal,
  timeoutMs: number,
  older: Set<string>,
): Promise<string | undefined> {
  const end = new AbortController();
  let failure: string | undefined = `${nameOf(host)} did not answer within ${timeoutMs / 1000} s`;
  const finish = (found: string | undefined) => {
    failure = found;
    end.abort();
  };
  const timer = setTimeout(() => end.abort(), timeoutMs);
  const stop = () => end.abort();
  signal.addEventListener("abort", stop);
  try {
    const messages = subscribe({
      hosts: [host],
      url: (base) => `${base}${path}`,
      signal: end.signal,
      onConnect: () => finish(undefined),
      onVersion1() {
        older.add(host);
        finish(undefined);
        return true;
      },
      onReconnect: (_, { reason }) => finish(reason),
    });
    for await (const _ of messages) break;
  } catch (error) {
    failure = describeError(error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
  return failure;
}

function nameOf(host: string): string {
  return new URL(host).host;
}
