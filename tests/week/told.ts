import assert from "node:assert/strict";

/**
 * Check that people were told of each incident once, and once that it was mended.
 *
 * An incident that could not be told while it lasted is told by its end alone.
 */
export function assertOneEach(texts: string[]): void {
  const opened = new Map<string, number>();
  const mended = new Map<string, number>();
  for (const text of texts) {
    const [, isMended, what] = /^\S.* on \S+: (mended: )?(.*?)(?::|$)/m.exec(text) ?? [];
    assert.ok(what, text);
    const seen = isMended ? mended : opened;
    seen.set(what, (seen.get(what) ?? 0) + 1);
  }
  for (const [what, times] of mended) {
    assert.ok(times >= (opened.get(what) ?? 0), `${what} was told and not mended`);
  }
  for (const what of opened.keys()) {
    assert.ok(mended.has(what), `${what} was told and never mended`);
  }
}
