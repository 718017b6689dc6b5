import { LineCounter, parseDocument, visit } from "yaml";

/** Why a text is no YAML that can be read. */
export class YamlMistake extends Error {
  override readonly name = "YamlMistake";

  /** Counted from one; undefined where no single line is at fault. */
  readonly line: number | undefined;

  constructor(found: string, { line, col }: { line?: number; col?: number } = {}) {
    super(line === undefined ? found : `${found} at line ${line}, column ${col}`);
    this.line = line;
  }
}

/** Parse YAML; throws a `YamlMistake` where it cannot, or where it is not sure what is meant. */
export function parseYaml(text: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true });
  const [mistake] = [...document.errors, ...document.warnings];
  const placeOf = (offset: number | undefined) =>
    offset === undefined ? undefined : lineCounter.linePos(offset);
  if (mistake !== undefined) {
    const found = mistake.code === "NON_STRING_KEY"
      ? "a key is no text"
      : mistake.message.split("\n")[0]!;
    throw new YamlMistake(found, placeOf(mistake.pos[0]));
  }
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document) !== undefined) return;
      const found = `*${node.source} stands for nothing; quote a text that begins with *`;
      throw new YamlMistake(found, placeOf(node.range?.[0]));
    },
  });
  try {
    return document.toJS();
  } catch (cause) {
    // Aliases of aliases, which would become gigabytes.
    if (!(cause instanceof ReferenceError)) throw cause;
    throw new YamlMistake(cause.message);
  }
}
