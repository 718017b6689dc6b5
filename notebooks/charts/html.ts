/** Replace the characters that HTML and XML cannot hold by U+FFFD. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu, "\ufffd");
}

/** Escape a text for HTML and XML; characters that they cannot hold become U+FFFD. */
export function escape(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
