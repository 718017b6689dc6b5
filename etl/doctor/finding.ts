/**
 * How bad a finding is: `problem` makes tonight's run fail, `warning` will make a later one fail or
 * costs data, money or trust, `note` is to be known.
 */
export type Level = "ok" | "note" | "warning" | "problem";

/** The result of a check. */
export interface Finding {
  level: Level;
  /** In words for people: no key, no post's text, nothing that a server wrote. */
  found: string;
  /** What to do; a finding that is fine needs none. */
  remedy?: string;
}

export function ok(found: string): Finding {
  return { level: "ok", found };
}

export function note(found: string, remedy: string): Finding {
  return { level: "note", found, remedy };
}

export function warning(found: string, remedy: string): Finding {
  return { level: "warning", found, remedy };
}

export function problem(found: string, remedy: string): Finding {
  return { level: "problem", found, remedy };
}
