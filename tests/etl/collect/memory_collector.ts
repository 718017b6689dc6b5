import { FIREHOSE } from "../../../etl/atproto/stream_decoder.ts";
import { Collector } from "../../../etl/collect/collector.ts";
import type { Verdict } from "../../../etl/collect/verdict.ts";
import type { Journal } from "../../../etl/store/journal.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { Quarantine } from "../../../etl/store/quarantine.ts";

export interface MemoryCollector {
  collector: Collector;
  quarantine: Quarantine;
  take(message: Uint8Array | string): Verdict;
  /** Write down what is held. */
  settle(): Verdict;
}

/** Make a collector of the firehose that gives each line to `onLine` in the place of a journal. */
// deno-lint-ignore no-explicit-any
export function memoryCollector(onLine: (line: any) => void): MemoryCollector {
  const journal = { append: onLine } as unknown as Journal;
  const quarantine = new Quarantine(new DataPaths("none"), "firehose");
  const position = { host: "relay", cursor: undefined, time: undefined };
  const options = {
    dialect: { decoder: FIREHOSE },
    position,
    hashKey: "k",
    until: undefined,
    quarantine,
  };
  const collector = new Collector(options);
  return {
    collector,
    quarantine,
    take: (message) => collector.take(message, journal),
    settle: () => collector.settle(journal, "silence"),
  };
}
