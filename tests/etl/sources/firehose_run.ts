/** Runs of `sync:firehose` against a relay on loopback. */
import { type Relay, type RelayOptions, startRelay } from "../../../demo/network/relay.ts";
import { query } from "../../rows.ts";
import { runTask, taskProcess, type TaskResult } from "../../task.ts";

/** Run a test with a relay of its own that serves its oldest frame first. */
export async function withRelay(
  options: RelayOptions,
  use: (relay: Relay) => Promise<void>,
): Promise<void> {
  const relay = startRelay({ startAt: "oldest", ...options });
  try {
    await use(relay);
  } finally {
    await relay.close();
  }
}

/** Run `sync:firehose` to its end. */
export function collect(
  { url }: { url: string },
  data: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<TaskResult> {
  const all = ["sync:firehose", "--data", data, "--json", ...byHand(args)];
  return runTask(all, { BLUESKY_RELAY: url, ...env });
}

/** Without an option of its own a run would collect the windows of this very day. */
function byHand(args: string[]): string[] {
  const options = ["--for", "--minutes", "--limit", "--until"];
  return args.some((arg) => options.includes(arg)) ? args : [...args, "--for", "1h"];
}

/** Start `sync:firehose` without `deno task` before it, so that a SIGKILL hits the run itself. */
export function startCollecting(
  { url }: { url: string },
  data: string,
  args: string[] = [],
): Deno.ChildProcess {
  const all = ["--data", data, "--json", ...byHand(args)];
  return taskProcess(["sync:firehose", ...all], { BLUESKY_RELAY: url });
}

/** Read what a run printed with `--json`. */
// deno-lint-ignore no-explicit-any
export function summaryOf({ stdout }: { stdout: string }): any {
  return JSON.parse(stdout);
}

/** Read raw posts by cursor; `record` is parsed, times are ISO 8601. */
export async function rawRows(data: string, source = "firehose") {
  const rows = await query(
    data,
    `SELECT * REPLACE (strftime(event_time, '%Y-%m-%dT%H:%M:%S.%gZ') AS event_time)
     FROM read_parquet('{data}/raw/${source}/*/*.parquet', hive_partitioning = false)
     ORDER BY cursor, uri`,
  );
  // deno-lint-ignore no-explicit-any
  return rows.map((row) => ({ ...row, record: JSON.parse(String(row.record)) })) as any[];
}

/** Give the names of what lies in the journal of a source. */
export function journalFiles(data: string, source = "firehose"): string[] {
  return [...Deno.readDirSync(`${data}/journal/${source}`)].map(({ name }) => name);
}

/** Read the lines of a source's quarantine in order. */
export function quarantined(data: string, source = "firehose"): Record<string, unknown>[] {
  const folder = `${data}/quarantine/${source}`;
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort().flatMap((name) =>
    Deno.readTextFileSync(`${folder}/${name}`).trimEnd().split("\n").map((line) => JSON.parse(line))
  );
}
