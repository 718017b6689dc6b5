import { basename, join } from "node:path";
import { z } from "zod";
import { namesIn } from "../store/if_there.ts";
import { segmentLines } from "../store/journal.ts";
import { StateFile } from "../store/state_file.ts";

import { now } from "../run/clock.ts";
import type { DataPaths } from "../store/paths.ts";

const Spending = z.record(z.string(), z.number());
/** US dollars by month, such as `{ "2026-06": 1.5 }`. */
type Spending = z.infer<typeof Spending>;

/** The file with the costs of a run. */
function spendingFile(path: string): StateFile<Spending> {
  return new StateFile(path, Spending, {
    found: "it does not hold a run's costs",
    remedy: 'Write what it was by month, in US dollars, such as {"2026-06": 1.5}, or remove it',
  });
}

/** Give the cost of a classifier in the present calendar month (UTC), in US dollars. */
export async function spentThisMonth(paths: DataPaths, classifier: string): Promise<number> {
  const month = now().toISOString().slice(0, 7);
  const folder = paths.spending(classifier);
  const recorded = namesIn(folder).filter((name) => name.endsWith(".json"));
  let spent = 0;
  for (const name of recorded) spent += spendingFile(join(folder, name)).read()?.[month] ?? 0;
  for (const labelSetId of paths.names(`answers/${classifier}`)) {
    for (const segment of paidSegments(paths, classifier, labelSetId)) {
      if (recorded.includes(basename(recordOf(paths, classifier, segment)))) continue;
      spent += (await spendingOf(segment))[month] ?? 0;
    }
  }
  return spent;
}

/** Sum up the prices in a segment; torn or damaged lines are skipped. */
async function spendingOf(segment: string): Promise<Spending> {
  const spending: Spending = {};
  for await (const line of segmentLines(segment)) {
    // The price stands last, and only if there is one: most lines need no parsing.
    if (!/"price":[\d.e+-]+\}$/.test(line.slice(-40))) continue;
    try {
      const { price, received_at } = JSON.parse(line) as { price: number; received_at: string };
      const month = received_at.slice(0, 7);
      spending[month] = (spending[month] ?? 0) + price;
    } catch {
      continue;
    }
  }
  return spending;
}

/** List the segments of a label set's paid answers. */
function paidSegments(paths: DataPaths, classifier: string, labelSetId: string): string[] {
  const folders = [
    paths.answers(classifier, labelSetId),
    paths.replicateAnswers(classifier, labelSetId),
  ];
  return folders.flatMap((folder) =>
    namesIn(folder).filter((name) => name.endsWith(".jsonl")).map((name) => join(folder, name))
  );
}

/** Give the file with the cost of the answers in a segment. */
function recordOf(paths: DataPaths, classifier: string, segment: string): string {
  return join(paths.spending(classifier), `${basename(segment, ".jsonl")}.json`);
}

/**
 * Record the cost of the answers in segments of a label set, before they are merged.
 *
 * One file per segment, the same however often it is written: a run that died counts too,
 * and none counts twice. The cost of requests in flight at its death is unknown.
 */
export async function recordSpending(
  paths: DataPaths,
  classifier: string,
  labelSetId: string,
): Promise<void> {
  for (const segment of paidSegments(paths, classifier, labelSetId)) {
    const spending = await spendingOf(segment);
    if (Object.keys(spending).length === 0) continue;
    await spendingFile(recordOf(paths, classifier, segment)).write(spending);
  }
}

/** Record, under a name, US dollars spent on answers that are not kept. */
export async function recordLost(
  paths: DataPaths,
  classifier: string,
  name: string,
  dollars: number,
): Promise<void> {
  const month = now().toISOString().slice(0, 7);
  await spendingFile(join(paths.spending(classifier), `${name}.json`)).write({ [month]: dollars });
}
