import { basename, dirname, join } from "node:path";
import { allOpenBatches, isUnderWay } from "../../etl/open_batch.ts";
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
  #waiting: (() => void)[] = [];

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
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /**
   * Put the price of a request aside, as soon as what others put aside and do not use leaves room.
   *
   * Gives false where there will be none, however little they use.
   */
  async reserveInTurn(price: number): Promise<boolean> {
    while (!this.reserve(price)) {
      // A rest of rounding is nobody's request.
      if (price > this.left || this.#reserved < 1e-9) return false;
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
    return true;
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
    await writeRecord(recordOf(paths, classifier, segment), spending);
  }
}

/** Write down, under a name, US dollars that were spent on what no answer is kept of. */
export async function recordLost(
  paths: DataPaths,
  classifier: string,
  name: string,
  dollars: number,
): Promise<void> {
  const month = now().toISOString().slice(0, 7);
  await writeRecord(join(paths.spending(classifier), `${name}.json`), { [month]: dollars });
}

async function writeRecord(path: string, spending: Spending): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(`${path}.part`, JSON.stringify(spending));
  await sync(`${path}.part`);
  await Deno.rename(`${path}.part`, path);
  await sync(dirname(path));
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

/** Give what a run may spend, in US dollars: of the month's budget, and no more than `maxCost`. */
export async function allowance(
  paths: DataPaths,
  classifier: string,
  budget: { per_month: number } | undefined,
  maxCost = Infinity,
): Promise<number> {
  if (budget === undefined) return maxCost;
  const spent = await spentThisMonth(paths, classifier);
  // What is under way is as good as spent.
  const left = budget.per_month - spent - await costUnderWay(paths, classifier);
  return Math.max(0, Math.min(maxCost, left));
}

/** Give what the batches of a classifier that are under way probably cost, in US dollars. */
async function costUnderWay(paths: DataPaths, classifier: string): Promise<number> {
  const batches = (await allOpenBatches(paths, classifier)).filter(isUnderWay);
  return batches.reduce((sum, { cost }) => sum + cost, 0);
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
  const folders = [
    paths.answers(classifier, labelSetId),
    paths.replicateAnswers(classifier, labelSetId),
  ];
  return folders.flatMap((folder) =>
    names(folder).filter((name) => name.endsWith(".jsonl")).map((name) => join(folder, name))
  );
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
