import { basename, join } from "node:path";
import { z } from "zod";
import { now } from "../run/clock.ts";
import { namesIn } from "../store/if_there.ts";
import { segmentLines } from "../store/journal.ts";
import { StateFile } from "../store/state_file.ts";
import type { DataPaths } from "../store/paths.ts";

const Spending = z.record(z.string(), z.number());
/** US dollars by month, such as `{ "2026-06": 1.5 }`. */
export type Spending = z.infer<typeof Spending>;

/** The file with the costs of a run. */
export function spendingFile(path: string): StateFile<Spending> {
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
export async function spendingOf(segment: string): Promise<Spending> {
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
export function paidSegments(paths: DataPaths, classifier: string, labelSetId: string): string[] {
  const folders = [
    paths.answers(classifier, labelSetId),
    paths.replicateAnswers(classifier, labelSetId),
  ];
  return folders.flatMap((folder) =>
    namesIn(folder).filter((name) => name.endsWith(".jsonl")).map((name) => join(folder, name))
  );
}

/** Give the file with the cost of the answers in a segment. */
export function recordOf(paths: DataPaths, classifier: string, segment: string): string {
  return join(paths.spending(classifier), `${basename(segment, ".jsonl")}.json`);
}
