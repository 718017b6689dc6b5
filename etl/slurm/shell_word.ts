/** Give a text as one word of a shell: paths may hold spaces, quotes and dollars. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
