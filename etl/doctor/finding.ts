/**
 * How bad a finding is: `problem` makes tonight's run fail, `warning` will make a later one fail or
 * costs data, money or trust, `note` is to be known.
 */
export type Level = "ok" | "note" | "warning" | "problem";

/** The result of a check of `doctor`. */
export interface Finding {
  level: Level;
  /** In words for people: no key, no post's text, nothing that a server wrote. */
  found: string;
  /** What to do; a finding that is fine needs none. */
  remedy?: string;
}

/** Give a finding of `doctor` that all is well. */
export function ok(found: string): Finding {
  return { level: "ok", found };
}

/** Give a finding of `doctor` that needs no action. */
export function note(found: string, remedy: string): Finding {
  return { level: "note", found, remedy };
}

/** Give a finding of `doctor` that will cost something later. */
export function warning(found: string, remedy: string): Finding {
  return { level: "warning", found, remedy };
}

/** Give a finding of `doctor` that makes tonight's run fail. */
export function problem(found: string, remedy: string): Finding {
  return { level: "problem", found, remedy };
}
