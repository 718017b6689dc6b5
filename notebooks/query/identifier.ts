/** The name of a table or a column in a query, which cannot be bound as a value. */
export class Identifier {
  constructor(readonly name: string) {}

  /** Give the name quoted, so that nothing in it is read as SQL. */
  toString(): string {
    return `"${this.name.replaceAll('"', '""')}"`;
  }
}

/** Name a table or a column in a query: sql`SELECT avg(${identifier("prob_toxic")}) FROM posts`. */
export function identifier(name: string): Identifier {
  return new Identifier(name);
}
