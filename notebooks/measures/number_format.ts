/** What is nearer to nothing or to all than this differs from it by rounding only. */
const ROUNDING = 1e-9;
const SMALL = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const MEAN = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 3 });

/** Write a number with thousands separators and at most three decimals, below 0.01 with two digits. */
export function formatNumber(value: number | bigint): string {
  const isSmall = value !== 0 && Math.abs(Number(value)) < 0.01;
  return (isSmall ? SMALL : WHOLE).format(value);
}

/**
 * Write a share such as 0.0312 as 3.1%; a share of nothing is an en dash. Only what is nothing is 0%,
 * and only what is all is 100%.
 */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return "–";
  const share = part / whole;
  if (share > ROUNDING && share < 0.0005) return "<0.1%";
  if (share < 1 - ROUNDING && share >= 0.9995) return ">99.9%";
  return PERCENT.format(share);
}

/** Write a tick of an axis of shares, with as many digits as it takes to tell it from the next. */
export function formatShareTick(share: number): string {
  return `${formatNumber(Number((share * 100).toPrecision(6)))}%`;
}

/** Write a mean of values from 0 to 1 as 0.21, so that it is not read as a share of posts. */
export function formatMean(mean: number): string {
  return mean > ROUNDING && mean < 0.0005 ? "<0.001" : MEAN.format(mean);
}

/** Write a count with its noun, in the plural unless it is one. */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? "" : "s"}`;
}
