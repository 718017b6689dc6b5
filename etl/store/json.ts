/**
 * Give a value as JSON that every reader accepts.
 *
 * Lone surrogates, which JavaScript allows in strings and DuckDB refuses, become U+FFFD.
 */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  // JSON.stringify escapes lone surrogates as \udXXX and nothing else so.
  return json.includes("\\ud") ? JSON.stringify(wellFormed(JSON.parse(json))) : json;
}

function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), wellFormed(item)]),
  );
}

/** Read JSON; undefined where it is none. The runtime's own error would quote what it could not read. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
