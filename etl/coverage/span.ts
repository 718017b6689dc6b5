/** A stretch of time; `until` is exclusive. */
export interface Span {
  from: Date;
  until: Date;
}

/** Merge spans that touch or overlap; gives them in order. Empty ones are left out: they cover nothing. */
export function mergeSpans(spans: Span[]): Span[] {
  const merged: Span[] = [];
  const whole = spans.filter(({ from, until }) => from < until);
  for (const span of whole.sort((a, b) => a.from.getTime() - b.from.getTime())) {
    const last = merged.at(-1);
    if (last && span.from <= last.until) {
      if (span.until > last.until) last.until = span.until;
    } else merged.push({ ...span });
  }
  return merged;
}

/** Give the parts of a span that the others leave open; they must be merged. */
export function subtractSpans(span: Span, others: Span[]): Span[] {
  const left: Span[] = [];
  let from = span.from;
  for (const other of others) {
    if (other.until <= from) continue;
    if (other.from >= span.until) break;
    if (other.from > from) left.push({ from, until: other.from });
    from = other.until;
  }
  if (from < span.until) left.push({ from, until: span.until });
  return left;
}

/** Give the length of spans together, in milliseconds; they must not overlap. */
export function totalLength(spans: Span[]): number {
  return spans.reduce((sum, { from, until }) => sum + until.getTime() - from.getTime(), 0);
}
