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

/** Expressions of a query that our code makes of names it knows; never of what somebody typed. */
class Expressions extends Identifier {
  override toString(): string {
    return this.name;
  }
}

/** Put expressions into a query, separated by commas. */
export function expressions(list: string[]): Identifier {
  return new Expressions(list.join(", "));
}
