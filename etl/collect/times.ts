/** Order statistics of times, in milliseconds: what many events say, whatever some of them do. */

export function ascending(a: number, b: number): number {
  return a - b;
}

/** Give the median, of an even number the lower of the two in the middle. */
export function median(times: number[]): number {
  return quantile(times, 0.5);
}

/** Give the time that a share of all are no later than, where it lies between two the earlier. */
export function quantile(times: number[], share: number): number {
  return Float64Array.from(times).sort()[Math.floor((times.length - 1) * share)]!;
}

/** Give how far times lie apart, by the middle half of them; infinite for fewer than three. */
export function spacing(times: number[]): number {
  if (times.length < 3) return Infinity;
  const sorted = times.toSorted(ascending);
  const [low, high] = [sorted.length >> 2, (sorted.length * 3) >> 2];
  return (sorted[high]! - sorted[low]!) / (high - low);
}

/** Put another number in the place of one, where they are sorted. */
export function replace(sorted: number[], old: number, value: number): void {
  let index = sorted.indexOf(old);
  for (; index > 0 && sorted[index - 1]! > value; index--) sorted[index] = sorted[index - 1]!;
  for (; sorted[index + 1]! < value; index++) sorted[index] = sorted[index + 1]!;
  sorted[index] = value;
}
