const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const MEAN = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 3 });

/** Write a number with thousands separators and at most three decimals. */
export function formatNumber(value: number | bigint): string {
  return WHOLE.format(value);
}

/** Write a share such as 0.0312 as 3.1%; a share of nothing is an en dash. */
export function formatShare(part: number, whole: number): string {
  return whole === 0 ? "–" : PERCENT.format(part / whole);
}

/** Write a mean of values from 0 to 1 as 0.21, so that it is not read as a share of posts. */
export function formatMean(mean: number): string {
  return MEAN.format(mean);
}

/** Write a count with its noun, in the plural unless it is one. */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? "" : "s"}`;
}
