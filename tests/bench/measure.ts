/** One number that a bench found. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** The same of something else, measured in the same run. */
  comparedTo?: { name: string; value: number };
  /** Bounds of `value`, or of `value / comparedTo.value` where `of` says `ratio`. */
  goal?: { least?: number; most?: number; of?: "ratio" };
}

export interface Bench {
  description: string;
  /** True where it takes another number of posts than its own. */
  takesPosts?: true;
  /** Measure; `say` tells people what goes on. Throws where what is measured gives a wrong result. */
  run(say: (text: string) => void, options: BenchOptions): Promise<Figure[]>;
}

export interface BenchOptions {
  /** So many posts instead of the bench's own number. */
  posts?: number;
}

/** Tell whether a figure is within its goal; true where it has none. */
export function isMet({ value, comparedTo, goal }: Figure): boolean {
  if (goal === undefined) return true;
  const found = goal.of === "ratio" ? value / comparedTo!.value : value;
  // What cannot be measured has not been reached.
  return found >= (goal.least ?? -Infinity) && found <= (goal.most ?? Infinity);
}

/** Describe figures for people, one a line: value, what it is compared to, goal. */
export function describeFigures(figures: Figure[]): string {
  const lines = figures.map((figure) => {
    const { name, value, unit, comparedTo, goal } = figure;
    const compared = comparedTo &&
      `${ratio(value / comparedTo.value)} ${comparedTo.name} (${number(comparedTo.value)})`;
    return [name, `${number(value)} ${unit}`, compared ?? "", goal ? describeGoal(figure) : ""];
  });
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) =>
    line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()
  ).join("\n");
}

/** Give figures as `--json` prints them. */
export function figuresJson(bench: string, figures: Figure[]): string {
  const described = figures.map((figure) => ({ ...figure, isMet: isMet(figure) }));
  return JSON.stringify({ bench, figures: described, isMet: figures.every(isMet) });
}

/**
 * Run several things in turn, round after round, so that what else the machine does hits all alike.
 *
 * Gives for each the median of what its rounds gave.
 */
export async function interleaved<Name extends string>(
  rounds: number,
  things: Record<Name, () => Promise<number>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(things) as Name[];
  const found = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) found.get(name)!.push(await things[name]());
  }
  return Object.fromEntries(names.map((name) => [name, median(found.get(name)!)])) as Record<
    Name,
    number
  >;
}

/** Give the middle value, or the mean of the two in the middle. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function describeGoal(figure: Figure): string {
  const { least, most, of } = figure.goal!;
  const show = of === "ratio" ? ratio : (value: number) => `${number(value)} ${figure.unit}`;
  const bounds = [
    ...(least === undefined ? [] : [`at least ${show(least)}`]),
    ...(most === undefined ? [] : [`at most ${show(most)}`]),
  ];
  return `goal ${bounds.join(", ")}: ${isMet(figure) ? "met" : "MISSED"}`;
}

function number(value: number): string {
  const digits = Math.abs(value) < 100 && !Number.isInteger(value) ? 2 : 0;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

function ratio(value: number): string {
  return `${number(value)} ×`;
}
