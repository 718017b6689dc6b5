/** A declaration at the top of a cell, by its place in the text. */
interface Declaration {
  start: number;
  /** Where the keywords end. */
  after: number;
  /** All names in it; a few more where a pattern or a type holds them. */
  names: string[];
  /** Where the body of a class or a function ends. */
  end?: number;
}

/**
 * Let cells declare again what another cell declares, as the kernel does: one variable, which the
 * later cell sets anew. The kernel wants the same keyword again (`const`, `let`, `class` or
 * `function`); here it may be another.
 *
 * Only declarations of such names are rewritten, so that a name that is used before its one cell is
 * still an error. Lines stay as they are.
 */
export function mergeDeclarations(cells: string[]): string[] {
  const declared = cells.map(declarations);
  const cellsOf = new Map<string, Set<number>>();
  declared.forEach((found, cell) =>
    found.flatMap(({ names }) => names).forEach((name) =>
      cellsOf.set(name, (cellsOf.get(name) ?? new Set()).add(cell))
    )
  );
  return cells.map((source, cell) =>
    declared[cell]!.filter(({ names }) => names.some((name) => cellsOf.get(name)!.size > 1))
      .reduceRight((text, { start, after, names, end }) => {
        if (end === undefined) return `${text.slice(0, start)}var${text.slice(after)}`;
        const body = text.slice(start, end);
        return `${text.slice(0, start)}var ${names[0]} = ${body};${text.slice(end)}`;
      }, source)
  );
}

const DECLARATION =
  /\b(?:(const|let|var)\b(?!\s+enum\b)|(?:async\s+)?(?:class|function\b\s*\*?))\s*/g;
const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;

function declarations(source: string): Declaration[] {
  const code = withoutTexts(source);
  const depths = depthsOf(code);
  const found: Declaration[] = [];
  for (const match of code.matchAll(DECLARATION)) {
    const start = match.index;
    const before = code.slice(0, start);
    if (depths[start] !== 0 || /(?:\bas|[.$\w])\s*$/.test(before.replace(/\n\s*$/, ";"))) continue;
    const after = start + match[0].trimEnd().length;
    if (match[1]) {
      found.push({ start, after, names: boundNames(code, depths, after) });
      continue;
    }
    // One that stands where a value is expected is no declaration.
    if (/[=(,:?&|!+-]\s*$/.test(before)) continue;
    const [name] = code.slice(after).match(NAME) ?? [];
    const end = bodyEnd(code, depths, after);
    if (name && end) found.push({ start, after, names: [name], end });
  }
  return found;
}

/** Give the names that are bound from here to the end of the statement. */
function boundNames(code: string, depths: number[], from: number): string[] {
  const names: string[] = [];
  let isValue = false;
  let part = "";
  for (let at = from; at <= code.length; at++) {
    const character = code[at] ?? ";";
    const isTop = depths[at] === 0;
    const ends = isTop && (character === ";" ||
      character === "\n" && /[\w$)\]}]\s*$/.test(code.slice(from, at)) &&
        !/^\s*[=.,?:&|+\-*/%<>([]/.test(code.slice(at)));
    if (!isValue && (ends || isTop && /[=,]/.test(character))) {
      names.push(...part.match(NAME) ?? []);
      part = "";
      isValue = character === "=";
    } else if (isValue && isTop && character === ",") isValue = false;
    else if (!isValue) part += character;
    if (ends) break;
  }
  return names;
}

function bodyEnd(code: string, depths: number[], from: number): number | undefined {
  for (let at = from; at < code.length; at++) {
    // The type of what a function gives may stand in braces of its own.
    if (code[at] === "}" && depths[at] === 0 && !/^\s*\{/.test(code.slice(at + 1))) return at + 1;
  }
}

/** Give how many brackets are open around each character; a bracket counts as outside of itself. */
function depthsOf(code: string): number[] {
  let depth = 0;
  return [...Array(code.length + 1).keys()].map((at) => {
    if (/[([{]/.test(code[at] ?? "")) return depth++;
    return /[)\]}]/.test(code[at] ?? "") ? --depth : depth;
  });
}

const TEMPLATE_TEXT = /(?:\\[^]|\$(?!\{)|[^`\\$])+|`|\$\{/y;
const TOKEN =
  /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|[\w$]+|\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/\w*|[^]/y;
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|of|in|await))\s*$/;

/** Replace comments by spaces and texts by zeros, so that what is left is code at its place. */
function withoutTexts(source: string): string {
  let code = "";
  const open: string[] = [];
  while (code.length < source.length) {
    const inTemplate = open.at(-1) === "`";
    const pattern = inTemplate ? TEMPLATE_TEXT : TOKEN;
    pattern.lastIndex = code.length;
    let token = pattern.exec(source)![0];
    if (!inTemplate && token.length > 1 && token[0] === "/" && !/^\/[/*]/.test(token)) {
      // A slash after a value divides.
      if (!BEFORE_REGEX.test(code)) token = "/";
    }
    if (token === "`") inTemplate ? open.pop() : open.push("`");
    else if (token === "${" && inTemplate) open.push("{");
    else if (token === "{" && !inTemplate) open.push("{");
    else if (token === "}" && !inTemplate) open.pop();
    if (token === "${" && inTemplate) code += "0{";
    else if (inTemplate || token === "`") code += "0".repeat(token.length);
    else if (/^\/[/*]/.test(token)) code += token.replace(/[^\n]/g, " ");
    else if (/^["'/]./s.test(token)) code += "0".repeat(token.length);
    else code += token;
  }
  return code;
}
