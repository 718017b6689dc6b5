/** Give a text as one word of the shell of a batch script: paths may hold spaces, quotes and dollars. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
