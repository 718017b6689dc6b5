import { basename, dirname, join } from "node:path";
import { now } from "../../etl/run/clock.ts";
import { UserError } from "../../etl/run/error.ts";
import { segmentLines } from "../../etl/store/journal.ts";
import { sync } from "../../etl/store/parquet.ts";
import type { DataPaths } from "../../etl/store/paths.ts";

/** US dollars by month, such as `{ "2026-06": 1.5 }`. */
type Spending = Record<string, number>;

/** Hundredths add up to a little more or less than they should. */
const ROUNDING = 1e-9;

/** Do so many US dollars pay a price, both sums of many? */
export function isEnough(dollars: number, price: number): boolean {
  return price <= dollars + ROUNDING;
}

/** What a run may still spend; what is in flight is put aside. */
export class Budget {
  #reserved = 0;

  /** In US dollars; infinite where nothing limits it. */
  constructor(public left: number) {}

  /** Put the price of a request aside; gives false where that is not left. */
  reserve(price: number): boolean {
    if (!isEnough(this.left - this.#reserved, price)) return false;
    this.#reserved += price;
    return true;
  }

  /** Give back what was put aside, and take what was spent of it. */
  settle(price: number, spent: number): void {
    this.#reserved -= price;
    this.left -= spent;
  }
}

/**
 * Write down what the answers in segments of a label set cost, before they are compacted.
 *
 * One file a segment, which says the same however often it is written: so a run that died counts too,
 * and none counts twice. What was in flight when it died is not known.
 */
export async function recordSpending(
  paths: DataPaths,
  classifier: string,
  labelSetId: string,
): Promise<void> {
  for (const segment of segments(paths, classifier, labelSetId)) {
    const spending = await spendingOf(segment);
    if (Object.keys(spending).length === 0) continue;
    const path = recordOf(paths, classifier, segment);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(`${path}.part`, JSON.stringify(spending));
    await sync(`${path}.part`);
    await Deno.rename(`${path}.part`, path);
    await sync(dirname(path));
  }
}

/** Give what a classifier cost in the present calendar month (UTC), in US dollars. */
export async function spentThisMonth(paths: DataPaths, classifier: string): Promise<number> {
  const month = now().toISOString().slice(0, 7);
  const folder = paths.spending(classifier);
  const recorded = names(folder).filter((name) => name.endsWith(".json"));
  let spent = 0;
  for (const name of recorded) spent += (await readRecord(join(folder, name)))[month] ?? 0;
  for (const labelSetId of paths.names(`answers/${classifier}`)) {
    for (const segment of segments(paths, classifier, labelSetId)) {
      if (recorded.includes(basename(recordOf(paths, classifier, segment)))) continue;
      spent += (await spendingOf(segment))[month] ?? 0;
    }
  }
  return spent;
}

/** Give what a run may spend, in US dollars: what is left of the month's budget, and by `--max-cost`. */
export async function allowance(
  paths: DataPaths,
  classifier: string,
  budget: { per_month: number } | undefined,
  maxCost = Infinity,
): Promise<number> {
  if (budget === undefined) return maxCost;
  const left = budget.per_month - await spentThisMonth(paths, classifier);
  return Math.max(0, Math.min(maxCost, left));
}

/** Sum up the prices in a segment; a torn or damaged line says nothing. */
async function spendingOf(segment: string): Promise<Spending> {
  const spending: Spending = {};
  for await (const line of segmentLines(segment)) {
    // The price stands last, and only where there is one: most lines need not be parsed.
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

function segments(paths: DataPaths, classifier: string, labelSetId: string): string[] {
  const folder = paths.answers(classifier, labelSetId);
  return names(folder).filter((name) => name.endsWith(".jsonl")).map((name) => join(folder, name));
}

function recordOf(paths: DataPaths, classifier: string, segment: string): string {
  return join(paths.spending(classifier), `${basename(segment, ".jsonl")}.json`);
}

function names(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function readRecord(path: string): Promise<Spending> {
  const text = await Deno.readTextFile(path);
  try {
    const spending = JSON.parse(text) as Spending;
    if (Object.values(spending).every((dollars) => Number.isFinite(dollars))) return spending;
  } catch {
    // Said below.
  }
  throw new UserError(
    `read ${path}`,
    "it does not say what a run spent",
    'Write what it was by month, in US dollars, such as {"2026-06": 1.5}, or remove it',
  );
}
